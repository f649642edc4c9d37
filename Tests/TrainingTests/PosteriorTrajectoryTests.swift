import Autodiff
import Foundation
import ImageDatasets
import NeuralNetworks
import NormalizingFlows
import Tensors
import TestSupport
import Testing
import VariationalAutoencoder

@testable import Inference
@testable import Runs

/// The way of a posterior through a continuous flow, and the grid of a decoder's images.
@Suite struct PosteriorTrajectoryTests {
  private let images = TinyRun.binary(5)

  /// An evaluator of an untrained model of two dimensions, whose flow bends space.
  private func evaluator(
    latent: Int = 2, tolerance: Double = 1e-6, _ change: (inout TrainingConfiguration) -> Void = { _ in }
  ) throws -> Evaluator {
    let configuration = TinyRun.configuration {
      $0.model.latent = latent
      $0.model.blocks = 3
      $0.model.timeLengths = [0.5, 1, 0.25]
      $0.tolerance = tolerance
      $0.divergence = .exact
      change(&$0)
    }
    let (model, state) = try TinyRun.state(configuration)
    var parameters = state.parameters
    for (i, parameter) in parameters.parameters.enumerated() where parameter.name.contains("odefunc") {
      parameters.tensors[i] = Tensor.linearCombination([(3, parameters.tensors[i])])
    }
    return Evaluator(configuration, model: model, parameters: parameters)
  }

  private func greatestDifference(_ a: Tensor, _ b: Tensor) -> Double {
    zip(a.doubles(), b.doubles()).reduce(0) { max($0, abs($1.0 - $1.1)) }
  }

  @Test(arguments: [2, 5])
  func `particles begin at the posterior's samples z0 and end at their zT`(latent: Int) throws {
    let evaluator = try evaluator(latent: latent)
    let codes = try evaluator.codes(of: images)
    for image in 0..<images.count {
      let trajectory = try #require(evaluator.trajectory(of: images, image: image))
      #expect(trajectory.duration == 1.75)
      // Times within blocks, at their borders, and twice the same.
      let states = try trajectory.particles(3, at: [0, 0.2, 0.5, 0.5, 1.1, 1.75])
      #expect(states.count == 6 && states.allSatisfy { $0.shape == [3, latent] })
      let row = image..<image + 1
      #expect(greatestDifference(states[0].leading(0..<1), codes.z0.leading(row)) < 1e-6)
      #expect(greatestDifference(states[5].leading(0..<1), codes.zT.leading(row)) < 1e-4)
      #expect(states[2].floats() == states[3].floats())
      #expect(greatestDifference(states[0], states[5]) > 0.05, "the flow moves nothing")
      #expect(greatestDifference(states[0].leading(0..<1), states[0].leading(1..<2)) > 0.01)
    }
  }

  @Test func `the density integrates to one at all times`() throws {
    let trajectory = try #require(try evaluator().trajectory(of: images, image: 2))
    for time in [0, 0.3, 0.5, 1.2, 1.75] {
      let particles = try trajectory.particles(100, at: [time])[0].doubles()
      let side = 80
      func axis(_ coordinate: Int) -> (start: Double, step: Double) {
        let values = stride(from: coordinate, to: particles.count, by: 2).map { particles[$0] }
        let (low, high) = (values.min()!, values.max()!)
        return (low - (high - low), 3 * (high - low) / Double(side - 1))
      }
      let (x, y) = (axis(0), axis(1))
      let points = (0..<side * side).flatMap { (index: Int) -> [Float] in
        let (column, row) = (Double(index % side), Double(index / side))
        return [Float(x.start + x.step * column), Float(y.start + y.step * row)]
      }
      let density = try trajectory.logDensity(at: Tensor(points, shape: [side * side, 2]), time: time)
      let integral = density.reduce(0) { $0 + exp($1) } * x.step * y.step
      #expect(abs(integral - 1) < 5e-3, "at \(time): \(integral)")
    }
  }

  @Test func `the density at a particle is that of the bound`() throws {
    let evaluator = try evaluator()
    let trajectory = try #require(evaluator.trajectory(of: images, image: 0))
    let zT = try trajectory.particles(1, at: [trajectory.duration])[0]
    let density = try trajectory.logDensity(at: zT, time: trajectory.duration)[0]
    // KL = log q(zT) - log p(zT) at the same sample.
    let klDivergence = try evaluator.evaluate(images.prefix(1)).klDivergences[0]
    let logPrior = standardNormalLogDensity(Variable(zT)).value.doubles()[0]
    #expect(abs(density - logPrior - klDivergence) < 1e-3)
  }

  @Test func `parts of a flow make the whole, forward and back`() throws {
    let evaluator = try evaluator()
    let flow = try #require(evaluator.model.flow as? AmortizedContinuousFlow)
    let constants = evaluator.parameters.constants
    let features = evaluator.model.encode(Variable(images.tensor), constants)
    let probes = ProbeSource(.exact, seed: 0)
    let z = Variable(Tensor((0..<10).map { Float($0) / 5 - 1 }, shape: [5, 2]))
    let whole = try flow.forward(z, features: features, constants, probes)
    let first = try flow.part(0...0.7).forward(z, features: features, constants, probes)
    let second = try flow.part(0.7...1.75).forward(first.z, features: features, constants, probes)
    #expect(greatestDifference(second.z.value, whole.z.value) < 1e-4)
    let change = first.deltaLogDensity.value.doubles()
    for (index, delta) in whole.deltaLogDensity.value.doubles().enumerated() {
      #expect(abs(change[index] + second.deltaLogDensity.value.doubles()[index] - delta) < 1e-4)
    }
    // The solves are those of the blocks that a part touches.
    #expect(first.statistics.count == 2 && second.statistics.count == 2 && whole.statistics.count == 3)
    let back = try flow.part(0.7...1.75).inverse(second.z, features: features, constants, probes)
    #expect(greatestDifference(back.z.value, first.z.value) < 1e-4)
    let nothing = try flow.part(0.5...0.5).forward(z, features: features, constants, probes)
    #expect(nothing.z.value.floats() == z.value.floats() && nothing.statistics.isEmpty)
  }

  @Test func `other flows have no trajectory`() throws {
    let planar = try evaluator { ($0.model.flow, $0.model.timeLengths) = (.planar, nil) }
    #expect(planar.trajectory(of: images, image: 0) == nil)
  }

  @Test func `the grid of images has the prior's quantiles as codes`() throws {
    let evaluator = try evaluator()
    let grid = try evaluator.manifold(side: 3)
    #expect(grid.count == 9)
    // A sixth and five sixths of the normal distribution, and its middle.
    let far = Float(0.967421566101701)
    let codes: [Float] = [-far, far, 0, far, far, far, -far, 0, 0, 0, far, 0, -far, -far, 0, -far, far, -far]
    let expected = evaluator.model.decodeMean(
      Variable(Tensor(codes, shape: [9, 2])), evaluator.parameters.constants)
    #expect(zip(grid.pixels, expected.floats()).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  @Test func `quantiles are those of the normal distribution`() {
    for (share, quantile) in [
      (0.5, 0), (0.975, 1.959963984540054), (0.025, -1.959963984540054), (1e-10, -6.361340902404056),
      (0.8413447460685429, 1),
    ] {
      #expect(abs(standardNormalQuantile(share) - quantile) < 1e-12, "\(share)")
    }
  }
}
