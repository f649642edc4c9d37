import DifferentialEquations
import Foundation
import VariationalAutoencoder

/// Means over images, and what they cost.
public struct Metrics: Sendable, Equatable, Codable {
  /// -ELBO, in nats.
  public var negativeELBO = 0.0
  /// -log p(x given zT), in nats.
  public var reconstruction = 0.0
  /// log q(zT given x) - log p(zT), in nats.
  public var kl = 0.0
  /// Evaluations of the velocity a batch, forward.
  public var evaluationsForward = 0.0
  /// Evaluations of the velocity a batch, backward.
  public var evaluationsBackward = 0.0
  /// The integral of |f|^2 along the flows, where training is regularized by it.
  public var kineticEnergy: Double?
  /// The integral of |df/dz|^2 along the flows, where training is regularized by it.
  public var jacobianNorm: Double?
  /// The Euclidean norm of a step's gradients, before they are clipped; in training.
  public var gradientNorm: Double?

  public init() {}

  /// The figures that are means over images; the others are means over batches.
  fileprivate static var imageMeans: [WritableKeyPath<Metrics, Double>] {
    [\.negativeELBO, \.reconstruction, \.kl]
  }
  fileprivate static var regularizers: [WritableKeyPath<Metrics, Double?>] { [\.kineticEnergy, \.jacobianNorm] }
  fileprivate static var batchMeans: [WritableKeyPath<Metrics, Double>] {
    [\.evaluationsForward, \.evaluationsBackward]
  }
}

/// Sums from which means over images are taken, so that a short last batch counts for what it is.
public struct MetricsSum: Sendable, Equatable, Codable {
  public private(set) var images = 0
  private var batches = 0
  private var sums = Metrics()

  public init() {}

  /// How many images and batches were added.
  var counts: [Int] { [images, batches] }

  /// Adds a batch by its means.
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
  /// The means of a batch.
  init(_ output: ModelOutput) {
    let bound = output.bound
    reconstruction = -bound.logLikelihood.value.mean()
    kl = bound.klDivergence.value.mean()
    negativeELBO = reconstruction + kl
    evaluationsForward = Double(output.flow.evaluations)
    evaluationsBackward = Double(output.flow.backwardEvaluations)
    kineticEnergy = output.flow.kineticEnergy?.value.mean()
    jacobianNorm = output.flow.jacobianNorm?.value.mean()
  }
}

/// A line of `metrics.jsonl`: a training step, or an epoch's means on a split.
public struct MetricsRecord: Sendable, Equatable, Codable {
  public var step: Int
  /// Counted from one.
  public var epoch: Int
  /// `step` for a training step; `train` or `validation` for an epoch.
  public var split: String
  public var negativeELBO: Double
  public var reconstruction: Double
  public var kl: Double
  public var evaluationsForward: Double
  public var evaluationsBackward: Double
  public var kineticEnergy: Double?
  public var jacobianNorm: Double?
  /// The negative ELBO of grey images in bits a dimension.
  public var bitsPerDimension: Double?
  /// In training: the learning rate of the (last) step, the weight of the KL term, and the norm of the gradients.
  public var learningRate: Double?
  public var klWeight: Double?
  public var gradientNorm: Double?
  public var seconds: Double

  enum CodingKeys: String, CodingKey {
    case step, epoch, split, reconstruction, kl, seconds
    case negativeELBO = "negative_elbo"
    case evaluationsForward = "nfe_forward"
    case evaluationsBackward = "nfe_backward"
    case kineticEnergy = "kinetic_energy"
    case jacobianNorm = "jacobian_norm"
    case bitsPerDimension = "bits_per_dimension"
    case learningRate = "learning_rate"
    case klWeight = "kl_weight"
    case gradientNorm = "gradient_norm"
  }

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
