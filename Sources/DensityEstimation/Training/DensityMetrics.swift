import Runs

/// The metrics of a batch, an epoch or an evaluation of a density model: means over samples, and evaluations of the
/// velocity.
public struct DensityMetrics: Sendable, Equatable, Codable {
  /// The mean of -log p(x), in nats.
  public var negativeLogLikelihood = 0.0
  /// Evaluations of the velocity in the forward pass, the mean over batches.
  public var evaluationsForward = 0.0
  /// Evaluations of the velocity in the backward pass, the mean over batches.
  public var evaluationsBackward = 0.0
  /// The mean of the weighted regularizers; nil where there are none.
  public var penalty: Double?
  /// The Euclidean norm of the gradients before they are clipped; nil outside training.
  public var gradientNorm: Double?

  /// Metrics of zero.
  public init() {}
}

/// Sums of the metrics of batches, from which means are computed.
public struct DensityMetricsSum: Sendable, Equatable, Codable {
  /// The number of samples added.
  public private(set) var samples = 0
  private var batches = 0
  private var sums = DensityMetrics()

  /// An empty sum.
  public init() {}

  /// Whether batches could have added up to this, which is not certain for what is read from a file.
  var isPlausible: Bool { samples <= 1 << 60 && (0...max(samples, 0)).contains(batches) }

  /// Adds the metrics of a batch of a number of samples.
  public mutating func add(_ batch: DensityMetrics, samples count: Int) {
    samples += count
    batches += 1
    sums.negativeLogLikelihood += batch.negativeLogLikelihood * Double(count)
    sums.evaluationsForward += batch.evaluationsForward
    sums.evaluationsBackward += batch.evaluationsBackward
    if let penalty = batch.penalty { sums.penalty = (sums.penalty ?? 0) + penalty * Double(count) }
    if let norm = batch.gradientNorm { sums.gradientNorm = (sums.gradientNorm ?? 0) + norm }
  }

  /// The means over all that was added.
  public var mean: DensityMetrics {
    var mean = sums
    let (n, b) = (Double(max(samples, 1)), Double(max(batches, 1)))
    mean.negativeLogLikelihood /= n
    mean.evaluationsForward /= b
    mean.evaluationsBackward /= b
    mean.penalty = mean.penalty.map { $0 / n }
    mean.gradientNorm = mean.gradientNorm.map { $0 / b }
    return mean
  }
}

/// A line of `metrics.jsonl` of a density model's run: a training step, or an epoch, the steps between two validations.
public struct DensityRecord: Sendable, Equatable, Codable, LoggedRecord {
  /// The number of steps done.
  public var step: Int
  /// The epoch, counted from one.
  public var epoch: Int
  /// `step` for a training step; `train` or `validation` for an epoch.
  public var split: String
  /// The mean of -log p(x), in nats.
  public var negativeLogLikelihood: Double
  /// The same in bits per dimension of images with 256 levels of grey; nil for other data.
  public var bitsPerDimension: Double?
  /// Evaluations of the velocity in the forward pass, the mean over batches.
  public var evaluationsForward: Double
  /// Evaluations of the velocity in the backward pass, the mean over batches.
  public var evaluationsBackward: Double
  /// The mean of the weighted regularizers; nil where there are none.
  public var penalty: Double?
  /// The learning rate; nil for validation.
  public var learningRate: Double?
  /// The Euclidean norm of the gradients before they are clipped; nil for validation.
  public var gradientNorm: Double?
  /// The duration of the step, the epoch's training, or its validation, in seconds.
  public var seconds: Double

  enum CodingKeys: String, CodingKey {
    case step, epoch, split, penalty, seconds
    case negativeLogLikelihood = "negative_log_likelihood"
    case bitsPerDimension = "bits_per_dimension"
    case evaluationsForward = "evaluations_forward"
    case evaluationsBackward = "evaluations_backward"
    case learningRate = "learning_rate"
    case gradientNorm = "gradient_norm"
  }

  /// A record of metrics.
  public init(step: Int, epoch: Int, split: String, _ metrics: DensityMetrics, seconds: Double) {
    self.step = step
    self.epoch = epoch
    self.split = split
    negativeLogLikelihood = metrics.negativeLogLikelihood
    evaluationsForward = metrics.evaluationsForward
    evaluationsBackward = metrics.evaluationsBackward
    penalty = metrics.penalty
    gradientNorm = metrics.gradientNorm
    self.seconds = seconds
  }
}
