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
    case dataset, split, images, reconstruction, kl, nll, divergence, seed, seconds, checkpoint, step, epoch
    case date
    case imagesInSplit = "images_in_split"
    case negativeELBO = "negative_elbo"
    case standardError = "standard_error"
    case bitsPerDimension = "bits_per_dimension"
    case nllStandardError = "nll_standard_error"
    case importanceSamples = "importance_samples"
    case evaluations = "nfe"
    case kineticEnergy = "kinetic_energy"
    case jacobianNorm = "jacobian_norm"
  }

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
    let mean = result.metrics.mean
    self.dataset = dataset
    self.split = split
    images = result.bounds.count
    self.imagesInSplit = imagesInSplit
    negativeELBO = mean.negativeELBO
    standardError = result.standardError
    bitsPerDimension = evaluator.model.configuration.bitsPerDimension(nats: mean.negativeELBO)
    reconstruction = mean.reconstruction
    kl = mean.kl
    if let bound = result.importanceBound {
      nll = -bound.mean
      nllStandardError = bound.standardError
    }
    importanceSamples = samples
    divergence = evaluator.divergence
    evaluations = mean.evaluationsForward
    kineticEnergy = mean.kineticEnergy
    jacobianNorm = mean.jacobianNorm
    seed = evaluator.seed
    self.seconds = seconds
    self.checkpoint = checkpoint.lastPathComponent
    step = progress.step
    epoch = progress.epoch
    self.date = date.ISO8601Format()
  }

  /// Whether every image of the split was evaluated.
  public var isWhole: Bool { images == imagesInSplit }
}
