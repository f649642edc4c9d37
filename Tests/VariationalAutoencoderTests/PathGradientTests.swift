import Autodiff
import DifferentialEquations
import Foundation
import NeuralNetworks
import NormalizingFlows
import Tensors
import TestSupport
import Testing

@testable import VariationalAutoencoder

/// The path gradient against the total one: another estimate of the same.
@Suite struct PathGradientTests {
  private static let draws = 600

  /// A small model, and a binary image.
  private func make(
    _ flow: PosteriorKind, _ type: ElementType = .float64
  ) -> (model: VariationalAutoencoder, set: ParameterSet, images: Tensor) {
    let solver = SolverOptions.fixed(.rungeKutta4, steps: 4)
    let (model, set) = VariationalAutoencoder.make(smallConfiguration(flow), seed: 5, solver: solver)
    return (model, set.converted(to: type), binaryImages([1, 64], 1).converted(to: type))
  }

  /// The gradient of a draw with respect to the posterior's parameters: all but the encoder's and the decoder's.
  ///
  /// - Parameter features: What the encoder gives for the image, which is the same for all draws.
  private func gradient(
    _ flow: PosteriorKind, _ estimator: GradientEstimator, draw: Int, features: Tensor,
    _ made: (model: VariationalAutoencoder, set: ParameterSet, images: Tensor)
  ) throws -> [Double] {
    let tape = Tape()
    let tracked = made.set.tracked(on: tape)
    let output = try made.model.decodeSample(
      ImageBatch(made.images), features: Variable(features),
      noise: normals([1, 4], UInt64(1000 + draw), features.elementType),
      probes: ProbeSource(.rademacher, seed: 3, step: UInt64(draw)), estimator: estimator, tracked)
    let wanted = zip(made.set.parameters, tracked.variables).filter { parameter, _ in
      ["q_z_mean", "q_z_var", "q_am", "odefuncs"].contains { parameter.name.hasPrefix($0) }
    }
    return tape.gradients(of: output.loss(klWeight: 1), withRespectTo: wanted.map(\.1))
      .flatMap { $0.doubles() }
  }

  @Test(arguments: [PosteriorKind.none, .ffjord])
  func `both estimators have the same mean`(_ flow: PosteriorKind) throws {
    // In single precision: its rounding is far below the standard errors.
    let made = make(flow, .float32)
    let features = made.model.encode(Variable(made.images), made.set.constants).value
    var (sums, squares): ([Double], [Double]) = ([], [])
    var totalSquares = 0.0
    for draw in 0..<Self.draws {
      let total = try gradient(flow, .total, draw: draw, features: features, made)
      let path = try gradient(flow, .path, draw: draw, features: features, made)
      totalSquares += total.reduce(0) { $0 + $1 * $1 } / Double(total.count)
      // The estimators' difference is the score term, whose mean is to be zero.
      let difference = zip(total, path).map { $0 - $1 }
      if sums.isEmpty {
        (sums, squares) = (difference, difference.map { $0 * $0 })
      } else {
        for i in sums.indices {
          sums[i] += difference[i]
          squares[i] += difference[i] * difference[i]
        }
      }
    }
    let n = Double(Self.draws)
    // In units of its standard error, each mean is about a standard normal number. Variances of rounding alone do not count.
    let rounding = 1e-10 * totalSquares / (n * n)
    let scores = zip(sums, squares).compactMap { sum, square -> Double? in
      let variance = (square / n - (sum / n) * (sum / n)) / n
      return variance > rounding ? sum / n / variance.squareRoot() : nil
    }
    #expect(scores.count > sums.count / 2)
    let meanSquare = scores.reduce(0) { $0 + $1 * $1 } / Double(scores.count)
    let worst = scores.map { abs($0) }.max() ?? .infinity
    #expect(meanSquare < 3 && worst < 6, "mean square \(meanSquare), worst \(worst) standard errors")
  }

  @Test func `where q is the exact posterior, the path gradient has no variance and the total one has`() throws {
    // A decoder that ignores z makes the prior the exact posterior: mean 0, variance 1, no flow.
    let (model, initial, images) = make(.none)
    var set = initial
    for (i, parameter) in set.parameters.enumerated() {
      if parameter.name == "q_z_mean.weight" || parameter.name == "q_z_mean.bias"
        || parameter.name == "q_z_var.0.weight"
        || parameter.name.hasPrefix("p_x_nn.0")
      {
        set.tensors[i] = Tensor(zeros: parameter.shape, .float64)
      }
      if parameter.name == "q_z_var.0.bias" {
        set.tensors[i] = Tensor(repeating: log(M_E - 1), shape: parameter.shape, .float64)
      }
    }
    let features = model.encode(Variable(images), set.constants).value
    func norms(_ estimator: GradientEstimator) throws -> [Double] {
      try (0..<5).map { draw in
        try gradient(.none, estimator, draw: draw, features: features, (model, set, images))
          .reduce(0) { $0 + $1 * $1 }.squareRoot()
      }
    }
    #expect(try norms(.path).allSatisfy { $0 < 1e-12 })
    #expect(try norms(.total).allSatisfy { $0 > 1e-2 })
  }

  @Test func `the bound is the same, and so is the gradient of the decoder`() throws {
    let (model, set, images) = make(.ffjord)
    func run(_ estimator: GradientEstimator) throws -> (bound: [Double], decoder: [Double]) {
      let tape = Tape()
      let tracked = set.tracked(on: tape)
      let output = try model(
        ImageBatch(images), noise: normals([1, 4], 1), probes: ProbeSource(.gaussian, seed: 3), estimator: estimator,
        tracked)
      let decoder = zip(set.parameters, tracked.variables).filter { $0.0.name.hasPrefix("p_x") }.map(\.1)
      let bound = output.bound.value.value.doubles()
      return (
        bound,
        tape.gradients(of: output.loss(klWeight: 1), withRespectTo: decoder).flatMap { $0.doubles() }
      )
    }
    let (total, path) = (try run(.total), try run(.path))
    #expect(relativeDifference(path.bound, total.bound) < 1e-12)
    #expect(relativeDifference(path.decoder, total.decoder) < 1e-12)
  }
}
