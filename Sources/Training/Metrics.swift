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

  public init() {}
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
    sums.negativeELBO += batch.negativeELBO * Double(count)
    sums.reconstruction += batch.reconstruction * Double(count)
    sums.kl += batch.kl * Double(count)
    sums.evaluationsForward += batch.evaluationsForward
    sums.evaluationsBackward += batch.evaluationsBackward
  }

  public var mean: Metrics {
    var mean = sums
    let (n, b) = (Double(max(images, 1)), Double(max(batches, 1)))
    mean.negativeELBO /= n
    mean.reconstruction /= n
    mean.kl /= n
    mean.evaluationsForward /= b
    mean.evaluationsBackward /= b
    return mean
  }
}

extension Metrics {
  /// The means of a batch.
  init(_ output: ModelOutput) {
    let bound = output.bound
    reconstruction = -bound.logLikelihood.value.mean()
    kl = bound.divergence.value.mean()
    negativeELBO = reconstruction + kl
    evaluationsForward = Double(output.flow.evaluations)
    evaluationsBackward = Double(output.flow.backwardEvaluations)
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
  public var seconds: Double

  enum CodingKeys: String, CodingKey {
    case step, epoch, split, reconstruction, kl, seconds
    case negativeELBO = "negative_elbo"
    case evaluationsForward = "nfe_forward"
    case evaluationsBackward = "nfe_backward"
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
    self.seconds = seconds
  }
}
