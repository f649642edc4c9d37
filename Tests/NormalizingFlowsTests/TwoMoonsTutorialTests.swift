import Autodiff
import DifferentialEquations
import Foundation
import NeuralNetworks
import NormalizingFlows
import Randomness
import Tensors
import Testing

// The code of the article TwoMoons in the documentation of NormalizingFlows, and what it says of the result.

/// Points on two half circles, with normal noise of standard deviation 0.1: `[count, 2]`.
func twoMoons(_ count: Int, batch: Int) -> Tensor {
  let stream = RandomStream(seed: 1, purpose: .test, step: UInt64(batch))
  let angles = stream.uniforms(0..<count)
  let noise = stream.normals(count..<(3 * count))
  var points: [Float] = []
  for i in 0..<count {
    let angle = Float.pi * angles[i]
    let isUpper = i % 2 == 0
    let x = isUpper ? cos(angle) : 1 - cos(angle)
    let y = isUpper ? sin(angle) : 0.5 - sin(angle)
    points.append(x + 0.1 * noise[2 * i])
    points.append(y + 0.1 * noise[2 * i + 1])
  }
  return Tensor(points, shape: [count, 2])
}

/// A network with two hidden layers, [batch, 2] -> [batch, 2].
struct MoonVelocity: Velocity {
  func callAsFunction(time: Double, z: Dual, conditioning: [Variable]) -> Dual {
    z.affine(weight: conditioning[0], bias: conditioning[1], time: time).applying(.tanh)
      .affine(weight: conditioning[2], bias: conditioning[3], time: time).applying(.tanh)
      .affine(weight: conditioning[4], bias: conditioning[5], time: time)
  }
}

/// log p(x) of each point, `[batch]` in nats.
func logDensity(
  _ points: Tensor, _ flow: ContinuousFlow<MoonVelocity>, _ parameters: BoundParameters
) throws -> Variable {
  let output = try flow.inverse(Variable(points), conditioning: parameters.variables)
  let normal = -0.5 * (output.z.applying(.square) + log(2 * Double.pi)).sum(axis: -1)
  return normal - output.deltaLogDensity
}

/// The greatest mean log-density that a Gaussian can give to points in the plane, in nats.
func gaussianLogLikelihood(_ points: Tensor) -> Double {
  let numbers = points.doubles()
  let x = stride(from: 0, to: numbers.count, by: 2).map { numbers[$0] }
  let y = stride(from: 1, to: numbers.count, by: 2).map { numbers[$0] }
  func covariance(_ a: [Double], _ b: [Double]) -> Double {
    let count = Double(a.count)
    let (meanA, meanB) = (a.reduce(0, +) / count, b.reduce(0, +) / count)
    return zip(a, b).map { ($0 - meanA) * ($1 - meanB) }.reduce(0, +) / count
  }
  let determinant = covariance(x, x) * covariance(y, y) - covariance(x, y) * covariance(x, y)
  return -1 - log(2 * Double.pi) - log(determinant) / 2
}

@Suite struct TwoMoonsTutorialTests {
  @Test func `a flow fits two moons better than any Gaussian, with a density that integrates to one`() throws {
    var builder = ParameterBuilder(seed: 1)
    for (layer, (inputs, outputs)) in [(2, 64), (64, 64), (64, 2)].enumerated() {
      _ = Linear("velocity.\(layer)", inputs: 1 + inputs, outputs: outputs, in: &builder)
    }
    var parameters = builder.parameters

    var flow = ContinuousFlow(
      velocity: MoonVelocity(), timeLength: 1, solver: SolverOptions.fixed(.rungeKutta4, steps: 8))
    var optimizer = Optimizer(.adam, for: parameters, learningRate: 1e-2)
    for step in 0..<250 {
      let tape = Tape()
      let tracked = parameters.tracked(on: tape)
      let logLikelihood = try logDensity(twoMoons(256, batch: step), flow, tracked).mean()
      let gradients = tape.gradients(of: -logLikelihood, withRespectTo: tracked.variables)
      optimizer.update(&parameters, gradients)
    }

    flow.solver = SolverOptions.adaptive(.dormandPrince, tolerance: 1e-5)
    let points = twoMoons(2000, batch: 1_000_000)
    let logLikelihood = try logDensity(points, flow, parameters.constants).value.mean()
    let gaussian = gaussianLogLikelihood(points)
    #expect(logLikelihood > gaussian + 0.5, "\(logLikelihood) nats, and \(gaussian) for the best Gaussian")
    // No density can do better than that of the data, whose entropy is about log(2 pi) + log(2 pi e 0.01) / 2 = 0.95.
    #expect(logLikelihood < -0.9, "\(logLikelihood) nats")

    let total = try integral(flow, parameters)
    #expect(abs(total - 1) < 0.02, "the density integrates to \(total)")

    let normals = RandomStream(seed: 1, purpose: .test, step: 2_000_000).normals(0..<2000)
    let z = Variable(Tensor(normals, shape: [1000, 2]))
    let samples = try flow.forward(z, conditioning: parameters.constants.variables).z.value
    let near = distancesFromMoons(samples).filter { $0 < 0.3 }.count
    #expect(near > 850, "\(near) of 1000 samples lie within three deviations of a moon")
  }

  /// The integral of the density over a square that holds nearly all of it, by sums over a grid.
  private func integral(_ flow: ContinuousFlow<MoonVelocity>, _ parameters: ParameterSet) throws -> Double {
    let spacing: Float = 0.05
    var points: [Float] = []
    for i in 0..<140 {
      for j in 0..<140 {
        points.append(spacing * Float(i) - 3)
        points.append(spacing * Float(j) - 3.25)
      }
    }
    let grid = Tensor(points, shape: [points.count / 2, 2])
    let densities = try logDensity(grid, flow, parameters.constants).value.doubles().map { exp($0) }
    return densities.reduce(0, +) * Double(spacing * spacing)
  }

  /// The distance of each sample from the nearer of the two half circles.
  private func distancesFromMoons(_ samples: Tensor) -> [Double] {
    let numbers = samples.doubles()
    let arc: [(x: Double, y: Double)] = (0...200).flatMap { i -> [(x: Double, y: Double)] in
      let angle = Double.pi * Double(i) / 200
      return [(cos(angle), sin(angle)), (1 - cos(angle), 0.5 - sin(angle))]
    }
    return stride(from: 0, to: numbers.count, by: 2).map { i in
      arc.map { hypot(numbers[i] - $0.x, numbers[i + 1] - $0.y) }.min() ?? .infinity
    }
  }
}
