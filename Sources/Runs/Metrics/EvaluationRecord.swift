import Foundation
import NormalizingFlows
import VariationalAutoencoder

/// The result of an evaluation of a checkpoint: a line of `evaluations.jsonl`. Means are over images, in nats.
public struct EvaluationRecord: Sendable, Equatable, Codable {
  /// The name of the dataset.
  public var dataset: String
  /// The split: `train`, `validation` or `test`.
  public var split: String
  /// The number of images evaluated.
  public var images: Int
  /// The number of images of the split.
  public var imagesInSplit: Int
  /// The mean of -ELBO, in nats.
  public var negativeELBO: Double
  /// The standard error of ``negativeELBO`` over images, in nats.
  public var standardError: Double
  /// ``negativeELBO`` in bits/dim, for grey images; nil for binary ones.
  public var bitsPerDimension: Double?
  /// The mean of -log p(x given zT), in nats.
  public var reconstruction: Double
  /// The mean of the KL term, log q(zT given x) - log p(zT), in nats.
  public var kl: Double
  /// The K-sample bound on -log p(x), in nats (Burda et al. 2016); nil for a single sample.
  public var nll: Double?
  /// The standard error of ``nll`` over images, in nats.
  public var nllStandardError: Double?
  /// The number K of samples of the posterior for each image.
  public var importanceSamples: Int
  /// How the divergence was computed.
  public var divergence: Divergence
  /// The tolerance of the solves; nil for that of the model's run.
  public var tolerance: Double?
  /// Evaluations of the velocity, the mean over batches.
  public var evaluations: Double
  /// The mean of the integral of |f|^2; nil where training was not regularized by it.
  public var kineticEnergy: Double?
  /// The mean of the integral of |df/dz|_F^2; nil where training was not regularized by it.
  public var jacobianNorm: Double?
  /// The seed of the posterior's samples and the probes.
  public var seed: UInt64
  /// The duration of the evaluation in seconds.
  public var seconds: Double
  /// The checkpoint's file name.
  public var checkpoint: String
  /// The training steps of the checkpoint.
  public var step: Int
  /// The finished epochs of the checkpoint.
  public var epoch: Int
  /// The time of the evaluation, in the format of ISO 8601.
  public var date: String

  enum CodingKeys: String, CodingKey {
    case dataset, split, images, reconstruction, kl, nll, divergence, tolerance, evaluations, seed, seconds
    case checkpoint, step, epoch, date
    case imagesInSplit = "images_in_split"
    case negativeELBO = "negative_elbo"
    case standardError = "standard_error"
    case bitsPerDimension = "bits_per_dimension"
    case nllStandardError = "nll_standard_error"
    case importanceSamples = "importance_samples"
    case kineticEnergy = "kinetic_energy"
    case jacobianNorm = "jacobian_norm"
  }

  /// The record of an evaluation with one sample of the posterior for each image.
  ///
  /// - Parameters:
  ///   - metrics: The means over the images evaluated.
  ///   - images: The number of images evaluated.
  ///   - imagesInSplit: The number of images of the split.
  ///   - dataset: The name of the dataset.
  ///   - split: The split.
  ///   - standardError: The standard error of -ELBO over images, in nats.
  ///   - divergence: How the divergence was computed.
  ///   - seed: The seed of the posterior's samples and the probes.
  ///   - seconds: The duration of the evaluation.
  ///   - checkpoint: The file of the model.
  ///   - progress: The progress of the model's run.
  ///   - date: The time of the evaluation.
  public init(
    _ metrics: Metrics, images: Int, of imagesInSplit: Int, dataset: String, split: String, standardError: Double,
    divergence: Divergence, seed: UInt64, seconds: Double, checkpoint: URL, progress: TrainingProgress,
    date: Date = Date()
  ) {
    (self.dataset, self.split) = (dataset, split)
    (self.images, self.imagesInSplit) = (images, imagesInSplit)
    negativeELBO = metrics.negativeELBO
    self.standardError = standardError
    (reconstruction, kl) = (metrics.reconstruction, metrics.kl)
    importanceSamples = 1
    self.divergence = divergence
    evaluations = metrics.evaluationsForward
    (kineticEnergy, jacobianNorm) = (metrics.kineticEnergy, metrics.jacobianNorm)
    (self.seed, self.seconds) = (seed, seconds)
    self.checkpoint = checkpoint.lastPathComponent
    (step, epoch) = (progress.step, progress.epoch)
    self.date = date.ISO8601Format()
  }

  /// Whether every image of the split was evaluated.
  public var isWhole: Bool { images == imagesInSplit }
}
