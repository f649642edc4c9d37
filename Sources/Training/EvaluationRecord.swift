import Foundation
import NormalizingFlows
import VariationalAutoencoder

/// A line of `evaluations.jsonl`: what `evaluate` found of a checkpoint, means over images in nats.
public struct EvaluationRecord: Sendable, Equatable, Codable {
  public var dataset: String
  public var split: String
  /// The images evaluated, and those that the split has.
  public var images: Int
  public var imagesInSplit: Int
  public var negativeELBO: Double
  /// The standard error of the mean over images.
  public var standardError: Double
  /// The negative ELBO of grey images in bits a dimension.
  public var bitsPerDimension: Double?
  public var reconstruction: Double
  public var kl: Double
  /// With several samples, the K-sample bound on -log p(x), and its standard error.
  public var nll: Double?
  public var nllStandardError: Double?
  public var importanceSamples: Int
  public var divergence: Divergence
  /// Evaluations of the velocity a batch.
  public var evaluations: Double
  /// Means over images of the integrals that regularize the dynamics, where training was regularized by them.
  public var kineticEnergy: Double?
  public var jacobianNorm: Double?
  public var seed: UInt64
  public var seconds: Double
  /// The checkpoint's file name, and how far its run had come.
  public var checkpoint: String
  public var step: Int
  public var epoch: Int
  /// When it was found, as ISO 8601 has it.
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

  /// What an evaluator found of a split's images.
  ///
  /// - Parameters:
  ///   - imagesInSplit: How many images the split has, of which `result` may hold fewer.
  ///   - checkpoint: The file that the model is from, and `progress` the run's at that time.
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
