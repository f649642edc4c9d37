import NeuralNetworks
import VariationalAutoencoder

/// How far a run has come, besides its tensors.
public struct TrainingProgress: Sendable, Equatable, Codable {
  /// Steps done.
  public var step = 0
  /// Epochs finished.
  public var epoch = 0
  /// With which step size the solves of the next step start, in the order of the solves; none for a cold start.
  public var solveSteps: [Double]?
  /// Sums of the epoch under way.
  public var epochSums = MetricsSum()
  /// Seconds spent in the epoch under way, and in all.
  public var epochSeconds = 0.0
  public var totalSeconds = 0.0
  /// The last finished epoch.
  public var lastTraining: Metrics?
  public var lastValidation: Metrics?
  /// The best validation bound so far and the epoch, counted from one, that reached it.
  public var bestNegativeELBO: Double?
  public var bestEpoch: Int?
  /// What plateaus have made of the learning rate; none before the first epoch's end.
  public var plateau: Plateau?

  public init() {}

  /// Whether the state is that at the end of the best epoch so far.
  var isBest: Bool { bestEpoch == epoch && epoch > 0 && epochSums.counts.allSatisfy { $0 == 0 } }

  /// More steps than any run takes; numbers up to it can be added and multiplied without overflow.
  static let stepLimit = 1 << 40

  /// Whether a run could have come this far: what is read from a file need not be so.
  var isPlausible: Bool {
    (0...Self.stepLimit).contains(step) && (0...step).contains(epoch)
      && epochSums.counts.allSatisfy { (0...Self.stepLimit).contains($0) }
      && (solveSteps ?? []).allSatisfy { $0.isFinite && $0 > 0 } && epochSeconds >= 0 && totalSeconds >= 0
      && (bestEpoch.map { (0...epoch).contains($0) } ?? true) && plateau?.isPlausible ?? true
  }
}

/// A run between two steps: what a checkpoint holds.
public struct TrainingState: Sendable {
  public var configuration: TrainingConfiguration
  public var parameters: ParameterSet
  public var optimizer: Optimizer
  /// The running average of the parameters, where the configuration asks for one.
  public var average: ParameterAverage?
  public var progress = TrainingProgress()
  /// Which run the state is of; none where it is of no run, as a model that was imported.
  public var run: String?
  /// Which images it was trained on, where that is known.
  public var trainedImages: TrainedImages?

  /// A state with an optimizer and, if none are given, averages that begin.
  public init(
    configuration: TrainingConfiguration, parameters: ParameterSet, optimizer: Optimizer? = nil,
    average: ParameterAverage? = nil
  ) {
    self.configuration = configuration
    self.parameters = parameters
    self.optimizer =
      optimizer
      ?? Optimizer(
        configuration.optimizer, for: parameters, learningRate: configuration.learningRate,
        weightDecay: configuration.weightDecay)
    self.average = average ?? configuration.average.map { ParameterAverage(decay: $0, of: parameters) }
  }

  /// The parameters to use the model with: their average where there is one and it has begun.
  public var modelParameters: ParameterSet {
    guard let average, !average.isEmpty else { return parameters }
    return average.parameters
  }

  /// Makes it the first state of another run, which has its own best epoch.
  public mutating func beginAnotherRun() {
    run = nil
    (progress.bestNegativeELBO, progress.bestEpoch) = (nil, nil)
  }
}
