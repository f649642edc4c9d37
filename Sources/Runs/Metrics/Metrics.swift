import Communication
import DifferentialEquations
import Foundation
import VariationalAutoencoder

/// The metrics of a batch, an epoch or an evaluation: means over images, and evaluations of the velocity.
public struct Metrics: Sendable, Equatable, Codable {
  /// The mean of -ELBO, in nats.
  public var negativeELBO = 0.0
  /// The mean of -log p(x given zT), in nats.
  public var reconstruction = 0.0
  /// The mean of the KL term, log q(zT given x) - log p(zT), in nats.
  public var kl = 0.0
  /// Evaluations of the velocity in the forward pass, the mean over batches.
  public var evaluationsForward = 0.0
  /// Evaluations of the velocity in the backward pass, the mean over batches.
  public var evaluationsBackward = 0.0
  /// The mean of the integral of |f|^2 along the flows; nil where training is not regularized by it.
  public var kineticEnergy: Double?
  /// The mean of the integral of |df/dz|_F^2 along the flows; nil where training is not regularized by it.
  public var jacobianNorm: Double?
  /// The Euclidean norm of the gradients before they are clipped, the mean over steps; nil outside training.
  public var gradientNorm: Double?

  /// Metrics of zero.
  public init() {}

  /// The metrics that are means over images; the others are means over batches.
  fileprivate static var imageMeans: [WritableKeyPath<Metrics, Double>] {
    [\.negativeELBO, \.reconstruction, \.kl]
  }
  fileprivate static var regularizers: [WritableKeyPath<Metrics, Double?>] { [\.kineticEnergy, \.jacobianNorm] }
  fileprivate static var batchMeans: [WritableKeyPath<Metrics, Double>] {
    [\.evaluationsForward, \.evaluationsBackward]
  }
}

/// Sums of the metrics of batches, from which means over images are computed. A smaller last batch has a smaller
/// weight.
public struct MetricsSum: Sendable, Equatable, Codable {
  /// The number of images added.
  public private(set) var images = 0
  private var batches = 0
  private var sums = Metrics()

  /// An empty sum.
  public init() {}

  /// The numbers of images and batches added.
  var counts: [Int] { [images, batches] }

  /// Adds the metrics of a batch.
  ///
  /// - Parameters:
  ///   - batch: The metrics of the batch.
  ///   - count: The number of its images.
  public mutating func add(_ batch: Metrics, images count: Int) {
    images += count
    batches += 1
    for figure in Metrics.imageMeans { sums[keyPath: figure] += batch[keyPath: figure] * Double(count) }
    for figure in Metrics.batchMeans { sums[keyPath: figure] += batch[keyPath: figure] }
    if let norm = batch.gradientNorm { sums.gradientNorm = (sums.gradientNorm ?? 0) + norm }
    for figure in Metrics.regularizers {
      guard let value = batch[keyPath: figure] else { continue }
      sums[keyPath: figure] = (sums[keyPath: figure] ?? 0) + value * Double(count)
    }
  }

  /// The means over all images and batches added.
  public var mean: Metrics {
    var mean = sums
    let (n, b) = (Double(max(images, 1)), Double(max(batches, 1)))
    for figure in Metrics.imageMeans { mean[keyPath: figure] /= n }
    for figure in Metrics.batchMeans { mean[keyPath: figure] /= b }
    mean.gradientNorm = mean.gradientNorm.map { $0 / b }
    for figure in Metrics.regularizers { mean[keyPath: figure] = mean[keyPath: figure].map { $0 / n } }
    return mean
  }
}

extension Metrics {
  /// The metrics of a batch; the backward pass is that of a training step.
  package init(_ output: ModelOutput, _ backwardPass: BackwardPass = BackwardPass()) {
    let bound = output.bound
    reconstruction = -bound.logLikelihood.value.mean()
    kl = bound.klDivergence.value.mean()
    negativeELBO = reconstruction + kl
    evaluationsForward = Double(output.sample.flow.evaluations)
    evaluationsBackward = Double(backwardPass.evaluations)
    kineticEnergy = output.sample.flow.kineticEnergy?.value.mean()
    jacobianNorm = output.sample.flow.jacobianNorm?.value.mean()
  }

  /// The metrics of the whole batch, from those of this rank's part of it. All ranks have the same evaluations.
  ///
  /// - Parameters:
  ///   - batch: This rank's part.
  ///   - numbers: Other numbers to be added up over ranks on the same occasion.
  package func combined(
    over batch: BatchShare, with numbers: [Double] = []
  ) -> (metrics: Metrics, sums: [Double]) {
    guard batch.communicator.isShared else { return (self, numbers) }
    var combined = self
    // Where the batch is not split, each rank has all of it.
    let weight = batch.isSplit ? Double(batch.count) : 1 / Double(batch.communicator.size)
    let total = batch.isSplit ? Double(batch.total) : 1
    let regularizers = Self.regularizers.filter { self[keyPath: $0] != nil }
    let own =
      Self.imageMeans.map { weight * self[keyPath: $0] } + regularizers.map { weight * (self[keyPath: $0] ?? 0) }
    let sums = batch.communicator.sum(own + numbers)
    if batch.isSplit {
      for (figure, sum) in zip(Self.imageMeans, sums) { combined[keyPath: figure] = sum / total }
      for (figure, sum) in zip(regularizers, sums.dropFirst(Self.imageMeans.count)) {
        combined[keyPath: figure] = sum / total
      }
    }
    return (combined, Array(sums.dropFirst(own.count)))
  }
}

/// The metrics of a training step, or of an epoch on a split: a line of `metrics.jsonl`.
public struct MetricsRecord: Sendable, Equatable, Codable {
  /// The number of steps done.
  public var step: Int
  /// The epoch, counted from one.
  public var epoch: Int
  /// `step` for a training step; `train` or `validation` for an epoch.
  public var split: String
  /// The mean of -ELBO, in nats.
  public var negativeELBO: Double
  /// The mean of -log p(x given zT), in nats.
  public var reconstruction: Double
  /// The mean of the KL term, in nats.
  public var kl: Double
  /// Evaluations of the velocity in the forward pass, the mean over batches.
  public var evaluationsForward: Double
  /// Evaluations of the velocity in the backward pass, the mean over batches.
  public var evaluationsBackward: Double
  /// The mean of the integral of |f|^2; nil where training is not regularized by it.
  public var kineticEnergy: Double?
  /// The mean of the integral of |df/dz|_F^2; nil where training is not regularized by it.
  public var jacobianNorm: Double?
  /// ``negativeELBO`` in bits/dim, for grey images; nil for binary ones.
  public var bitsPerDimension: Double?
  /// The learning rate of the step, or of the epoch's last step; nil for validation.
  public var learningRate: Double?
  /// The weight of the KL term in the loss; nil for validation.
  public var klWeight: Double?
  /// The Euclidean norm of the gradients before they are clipped; nil for validation.
  public var gradientNorm: Double?
  /// The duration of the step, the epoch's training, or its validation, in seconds.
  public var seconds: Double

  enum CodingKeys: String, CodingKey {
    case step, epoch, split, reconstruction, kl, seconds
    case negativeELBO = "negative_elbo"
    case evaluationsForward = "evaluations_forward"
    case evaluationsBackward = "evaluations_backward"
    case kineticEnergy = "kinetic_energy"
    case jacobianNorm = "jacobian_norm"
    case bitsPerDimension = "bits_per_dimension"
    case learningRate = "learning_rate"
    case klWeight = "kl_weight"
    case gradientNorm = "gradient_norm"
  }

  /// A record of metrics, without bits/dim, learning rate and KL weight.
  public init(step: Int, epoch: Int, split: String, _ metrics: Metrics, seconds: Double) {
    self.step = step
    self.epoch = epoch
    self.split = split
    negativeELBO = metrics.negativeELBO
    reconstruction = metrics.reconstruction
    kl = metrics.kl
    evaluationsForward = metrics.evaluationsForward
    evaluationsBackward = metrics.evaluationsBackward
    kineticEnergy = metrics.kineticEnergy
    jacobianNorm = metrics.jacobianNorm
    gradientNorm = metrics.gradientNorm
    self.seconds = seconds
  }
}
