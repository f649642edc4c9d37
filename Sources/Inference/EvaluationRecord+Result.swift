import Foundation
import Runs

extension EvaluationRecord {
  /// The record of an evaluation.
  ///
  /// - Parameters:
  ///   - result: The results, which may be of only a part of the split.
  ///   - evaluator: What computed them.
  ///   - samples: The number of samples of the posterior for each image.
  ///   - dataset: The name of the dataset.
  ///   - split: The split.
  ///   - imagesInSplit: The number of images of the split.
  ///   - seconds: The duration of the evaluation.
  ///   - checkpoint: The file of the model.
  ///   - progress: The progress of the model's run.
  ///   - date: The time of the evaluation.
  public init(
    _ result: Evaluator.Result, by evaluator: Evaluator, samples: Int, dataset: String, split: String,
    imagesInSplit: Int, seconds: Double, checkpoint: URL, progress: TrainingProgress, date: Date = Date()
  ) {
    let metrics = result.metrics.mean
    self.init(
      metrics, images: result.bounds.count, of: imagesInSplit, dataset: dataset, split: split,
      standardError: result.standardError, divergence: evaluator.divergence, seed: evaluator.seed, seconds: seconds,
      checkpoint: checkpoint, progress: progress, date: date)
    bitsPerDimension = evaluator.model.configuration.bitsPerDimension(nats: metrics.negativeELBO)
    importanceSamples = samples
    if let bound = result.importanceBound {
      nll = -bound.mean
      nllStandardError = bound.standardError
    }
  }
}
