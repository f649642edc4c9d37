import ImageDatasets
import NormalizingFlows
import Randomness
import Tensors
import Testing
import VariationalAutoencoder

@testable import Inference
@testable import Runs
@testable import Training

/// A run's bits are the same on any number of threads.
@Suite struct ThreadIndependenceTests {
  /// What is trained, and under what name.
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let change: @Sendable (inout TrainingConfiguration) -> Void
  }

  static let posteriors = PosteriorKind.allCases.map { kind in Case(testDescription: "\(kind)") { $0.model.flow = kind }
  }
  static let amortizations = Amortization.allCases.map { kind in
    Case(testDescription: "ffjord, \(kind)") { $0.model.amortization = kind }
  }
  static let others = [
    Case(testDescription: "ffjord, mixed precision") { $0.precision = .mixed },
    Case(testDescription: "ffjord of one wide layer, grey images") {
      $0.model.likelihood = .categorical
      $0.model.hidden = [512]
      $0.model.activation = .tanh
    },
    Case(testDescription: "ffjord, exact divergence by the adjoint") {
      $0.divergence = .exact
      $0.gradient = .adjoint
      $0.model.latent = 6
    },
  ]

  /// Images large enough for threads to share out the work; the batch leaves a rest where it is taken in groups.
  private func configuration(_ change: (inout TrainingConfiguration) -> Void) -> TrainingConfiguration {
    TinyRun.configuration {
      ($0.model.imageHeight, $0.model.imageWidth) = (16, 16)
      $0.model.latent = 24
      $0.model.hidden = [96, 96]
      $0.model.blocks = 2
      $0.model.rank = 8
      $0.model.flows = 3
      $0.model.maskedWidth = 240
      $0.model.orthogonalVectors = 8
      $0.batchSize = 45
      change(&$0)
    }
  }

  private func state(
    _ configuration: TrainingConfiguration, steps: Int, onThreads threads: Int
  ) throws -> TrainingState {
    try Compute.with(threads: threads) { try state(configuration, steps: steps) }
  }

  private func state(_ configuration: TrainingConfiguration, steps: Int) throws -> TrainingState {
    let (model, parameters) = VariationalAutoencoder.make(
      configuration.model, seed: 3, solver: try configuration.solverOptions(), gradient: configuration.gradient)
    var state = TrainingState(configuration: configuration, parameters: parameters)
    let (size, count) = (configuration.model.imageHeight, configuration.batchSize)
    let pixels = RandomStream(seed: 4, purpose: .test).uniforms(0..<(count * size * size))
    let isBinary = configuration.model.likelihood == .bernoulli
    let step = TrainingStep(
      model: model, images: GreyImages(height: size, width: size, pixels: pixels), isDynamicallyBinarized: isBinary,
      plan: BatchPlan(imageCount: count, batchSize: count, seed: 5))
    for _ in 0..<steps { _ = try step.take(&state, order: Array(0..<count)) }
    return state
  }

  @Test(arguments: posteriors + amortizations + others)
  func `steps of training have the same bits on one, two and three threads`(_ example: Case) throws {
    let configuration = configuration(example.change)
    let one = try state(configuration, steps: 2, onThreads: 1)
    #expect(one.parameters.tensors.allSatisfy { $0.firstNonFinite == nil })
    for threads in [2, 3] {
      let other = try state(configuration, steps: 2, onThreads: threads)
      #expect(other.differences(from: one) == [], "\(threads) threads")
      #expect(other.progress.solverState == one.progress.solverState)
    }
  }

  @Test func `an evaluation has the same bits on one, two and three threads`() throws {
    let state = try state(configuration { _ in }, steps: 1, onThreads: 2)
    let configuration = state.configuration
    let (model, _) = VariationalAutoencoder.make(
      configuration.model, seed: 3, solver: try configuration.solverOptions(), gradient: configuration.gradient)
    let size = configuration.model.imageHeight
    let pixels = RandomStream(seed: 6, purpose: .test).uniforms(0..<(45 * size * size))
    let images = GreyImages(height: size, width: size, pixels: pixels.map { $0 < 0.3 ? 1 : 0 })
    func bounds(_ threads: Int) throws -> [Double] {
      let evaluator = Evaluator(
        model: model, parameters: state.parameters, divergence: .exact, seed: 1, batchSize: 45)
      return try Compute.with(threads: threads) { [try evaluator.evaluate(images).metrics.mean.negativeELBO] }
    }
    let one = try bounds(1)
    #expect(try bounds(2) == one)
    #expect(try bounds(3) == one)
  }
}
