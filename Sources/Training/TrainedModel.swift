import Files
import Foundation
import NormalizingFlows
import VariationalAutoencoder

/// A checkpoint's model at work, in the arithmetic and with the starts of solves that its run has.
public struct TrainedModel: Sendable {
  /// The checkpoint's file.
  public let url: URL
  public let model: VariationalAutoencoder
  /// The state of the run, without the optimizer's.
  public let state: TrainingState
  /// What a person should know of the choice of the file.
  public let remarks: [String]

  /// Reads a checkpoint file, or that of a run's directory (its best checkpoint).
  ///
  /// - Throws: As ``Checkpoint/readModel(at:parameters:memoryLimit:)``.
  public init(
    at path: String, parameters: Checkpoint.ParameterChoice = .averaged, memoryLimit: MemoryLimit = .standard
  ) throws {
    (model, state, url, remarks) = try Checkpoint.readModel(at: path, parameters: parameters, memoryLimit: memoryLimit)
  }

  public var configuration: TrainingConfiguration { state.configuration }

  /// What evaluates the model.
  ///
  /// - Parameter divergence: That of the run, if none is named.
  public func evaluator(divergence: Divergence? = nil, seed: UInt64 = 1, batchSize: Int = 100) -> Evaluator {
    var evaluator = Evaluator(
      model: model, parameters: state.parameters, divergence: divergence ?? configuration.divergence, seed: seed,
      batchSize: batchSize)
    evaluator.warmStart = configuration.warmStart
    evaluator.precision = configuration.precision
    return evaluator
  }
}
