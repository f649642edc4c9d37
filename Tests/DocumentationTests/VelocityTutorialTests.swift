import Autodiff
import DifferentialEquations
import Foundation
import NormalizingFlows
import Randomness
import Tensors
import Testing

// The code of the tutorial WritingAVelocity, and what it says of the results.

/// dz/dt = A z, with the same matrix A for every sample: `[batch, 2]` -> `[batch, 2]`.
struct LinearVelocity: Velocity {
  func callAsFunction(time: Double, z: Dual, conditioning: [Variable]) -> Dual {
    z.affine(weight: conditioning[0])
  }
}

/// A network with one hidden layer, and a pull toward a target of each sample's own: `[batch, 2]` -> `[batch, 2]`.
struct PulledVelocity: Velocity {
  func callAsFunction(time: Double, z: Dual, conditioning: [Variable]) -> Dual {
    let (target, inner, outer) = (conditioning[0], conditioning[1], conditioning[2])
    let change = z.affine(weight: inner, time: time).applying(.tanh).affine(weight: outer)
    return change + (Dual(target) - z)
  }
}

extension LinearVelocity {
  func exactDivergence(conditioning: [Variable]) -> ExactDivergence? {
    let matrix = conditioning[0].value
    let numbers = matrix.doubles()
    let trace = Tensor(numbers[0] + numbers[3], matrix.elementType)
    return { time, z in
      let velocity = self(time: time, z: Dual(z), conditioning: conditioning).primal
      return (velocity, Variable(.concatenation(Array(repeating: trace.reshaped([1]), count: z.shape[0]), axis: 0)))
    }
  }
}

@Suite struct VelocityTutorialTests {
  private func expectClose(
    _ numbers: [Double], _ expected: [Double], _ tolerance: Double, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let isClose = numbers.count == expected.count && zip(numbers, expected).allSatisfy { abs($0 - $1) < tolerance }
    #expect(isClose, "\(numbers), not \(expected)", sourceLocation: sourceLocation)
  }

  @Test func `a linear flow follows the matrix exponential, there and back`() throws {
    let flow = ContinuousFlow(
      velocity: LinearVelocity(), timeLength: 1, solver: .adaptive(.dormandPrince, tolerance: 1e-8))
    let matrix = Variable(Tensor([-0.5, -3.0, 3.0, -0.5], shape: [2, 2]))
    let z0 = Variable(Tensor([1.0, 0.0, 0.0, 2.0], shape: [2, 2]))
    let output = try flow.forward(z0, conditioning: [matrix])
    print(output.z.value, output.deltaLogDensity.value, output.evaluations)

    let (x, y) = (exp(-0.5) * cos(3), exp(-0.5) * sin(3))
    expectClose(output.z.value.doubles(), [x, y, -2 * y, 2 * x], 1e-6)
    expectClose(output.deltaLogDensity.value.doubles(), [1, 1], 1e-6)

    let back = try flow.inverse(output.z, delta: output.deltaLogDensity, conditioning: [matrix])
    expectClose(back.z.value.doubles(), z0.value.doubles(), 1e-6)
    expectClose(back.deltaLogDensity.value.doubles(), [0, 0], 1e-6)

    let probes = Divergence.exact.probes(batch: 2, latent: 2, RandomStream(seed: 1, purpose: .test), .float64)
    let byTangents = try flow.forward(z0, conditioning: [matrix], probes: probes)
    expectClose(byTangents.deltaLogDensity.value.doubles(), output.deltaLogDensity.value.doubles(), 1e-6)
  }

  @Test func `gradients flow to all that a velocity is conditioned on, by every method`() throws {
    func gradients(_ method: AdjointMethod) throws -> [Double] {
      let tape = Tape()
      let target = tape.variable(Tensor([1.0, 1.0, -1.0, 0.5], shape: [2, 2]))
      let inner = tape.variable(Tensor([0.1, 1.0, -0.5, 0.2, 0.3, 0.8, -0.1, -0.7, 0.6], shape: [3, 3]))
      let outer = tape.variable(Tensor([0.5, -0.4, 0.3, -0.2, 0.9, 0.1], shape: [2, 3]))
      let z0 = Variable(Tensor([1.0, 0.0, 0.0, 2.0], shape: [2, 2]))

      let flow = ContinuousFlow(
        velocity: PulledVelocity(), timeLength: 1, solver: .adaptive(.dormandPrince, tolerance: 1e-9), gradient: method)
      let stream = RandomStream(seed: 1, purpose: .divergenceProbe)
      let probes = Divergence.rademacher.probes(batch: 2, latent: 2, stream, .float64)
      let output = try flow.forward(z0, conditioning: [target, inner, outer], probes: probes)
      let loss = output.z.applying(.square).sum() + output.deltaLogDensity.sum()
      let gradients = tape.gradients(of: loss, withRespectTo: [target, inner, outer])
      return gradients.flatMap { $0.doubles() }
    }
    let direct = try gradients(.direct)
    #expect(direct.allSatisfy { $0 != 0 })
    for method in AdjointMethod.allCases { expectClose(try gradients(method), direct, 1e-6) }
  }
}
