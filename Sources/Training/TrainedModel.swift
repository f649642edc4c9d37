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

  /// Reads the model that a person means: that of a file, or of the best checkpoint in a directory that is whole.
  ///
  /// - Throws: ``SafetensorsError`` and ``TrainingError``, with which other file can be used, if one can.
  public init(
    at path: String, parameters: Checkpoint.ParameterChoice = .averaged, memoryLimit: MemoryLimit = .standard
  ) throws {
    let (value, url, remarks) = try Checkpoint.usable(at: path) {
      try Checkpoint.read($0, includingOptimizer: false, parameters: parameters, memoryLimit: memoryLimit)
    }
    (model, state, self.url, self.remarks) = (value.model, value.state, url, remarks)
  }

  public var configuration: TrainingConfiguration { state.configuration }

  /// What evaluates the model.
  ///
  /// - Parameter divergence: That of the run, if none is named.
  public func evaluator(divergence: Divergence? = nil, seed: UInt64 = 1, batchSize: Int = 100) -> Evaluator {
    Evaluator(
      configuration, model: model, parameters: state.parameters, divergence: divergence, seed: seed,
      batchSize: batchSize)
  }
}
