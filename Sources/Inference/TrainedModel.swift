import Files
import Foundation
import NormalizingFlows
import Runs
import VariationalAutoencoder

/// The model of a checkpoint, ready for use with the precision and the warm starts of its run.
public struct TrainedModel: Sendable {
  /// The checkpoint file.
  public let url: URL
  /// The model.
  public let model: VariationalAutoencoder
  /// The state of the run, without the optimizer's moments.
  public let state: TrainingState
  /// Remarks on the choice of the file, for the user.
  public let remarks: [String]
  /// The ranks that share its evaluations; nil for this process alone.
  public var ranks: EvaluationRanks?

  /// Reads the model of a checkpoint file, or of the best undamaged checkpoint in the directory of a run.
  ///
  /// - Parameters:
  ///   - path: A checkpoint file, or the directory of a run.
  ///   - parameters: Whether to use the moving average of the parameters.
  ///   - memoryLimit: How much memory the file's contents may take.
  /// - Throws: `SafetensorsError` and `RunError`, with a mention of another checkpoint that can be used, if any.
  public init(
    at path: String, parameters: Checkpoint.ParameterChoice = .averaged, memoryLimit: MemoryLimit = .standard
  ) throws {
    let (value, url, remarks) = try Checkpoint.usable(at: path) {
      try Checkpoint.read($0, includingOptimizer: false, parameters: parameters, memoryLimit: memoryLimit)
    }
    (model, self.url, self.remarks) = (value.model, url, remarks)
    var state = value.state
    RunDirectory(url.deletingLastPathComponent().path).updatePlaceOfImages(in: &state)
    self.state = state
  }

  /// The configuration of the run.
  public var configuration: TrainingConfiguration { state.configuration }

  /// An evaluator of the model.
  ///
  /// - Parameters:
  ///   - divergence: How the divergence is computed; nil for the run's choice.
  ///   - seed: The seed of the posterior's samples and the probes.
  ///   - batchSize: The number of images in a batch.
  ///   - tolerance: The tolerance of the solves; nil for the run's.
  public func evaluator(
    divergence: Divergence? = nil, seed: UInt64 = 1, batchSize: Int = 100, tolerance: Double? = nil
  ) -> Evaluator {
    var (model, configuration) = (model, configuration)
    if let tolerance {
      model.flow = model.flow.solving(toTolerance: tolerance)
      // Other ranks make their model by the configuration.
      configuration.tolerance = tolerance
    }
    let evaluator = Evaluator(
      configuration, model: model, parameters: state.parameters, divergence: divergence, seed: seed,
      batchSize: batchSize)
    return ranks?.sharing(evaluator, configuration) ?? evaluator
  }
}
