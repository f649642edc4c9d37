import DifferentialEquations
import NeuralNetworks
import VariationalAutoencoder

/// The progress of a run: all of its state but tensors.
public struct TrainingProgress: Sendable, Equatable, Codable {
  /// The number of steps done.
  public var step = 0
  /// The number of finished epochs.
  public var epoch = 0
  /// What the solves of the next step start from; nil before the first step.
  public var solverState: SolverState?
  /// The sums of the metrics of the current epoch.
  public var epochSums = MetricsSum()
  /// The seconds of training in the current epoch.
  public var epochSeconds = 0.0
  /// The seconds of training in the whole run.
  public var totalSeconds = 0.0
  /// The means of the last finished epoch on the training images.
  public var lastTraining: Metrics?
  /// The means of the last finished epoch on the validation images.
  public var lastValidation: Metrics?
  /// The best negative ELBO on the validation images so far, in nats.
  public var bestNegativeELBO: Double?
  /// The epoch of the best negative ELBO, counted from one.
  public var bestEpoch: Int?
  /// The effect of plateaus on the learning rate; nil before the end of the first epoch.
  public var plateau: Plateau?

  /// The progress of a new run.
  public init() {}

  private enum CodingKeys: String, CodingKey {
    case step, epoch
    /// The name that checkpoints have had for it from the first.
    case solverState = "solveSteps"
    case epochSums, epochSeconds, totalSeconds, lastTraining, lastValidation, bestNegativeELBO, bestEpoch, plateau
  }

  /// Whether this is the state at the end of the best epoch so far.
  var isBest: Bool { bestEpoch == epoch && epoch > 0 && epochSums.counts.allSatisfy { $0 == 0 } }

  /// A number of steps that no run reaches. Numbers up to it can be added without overflow, and multiplied by small
  /// ones.
  package static let stepLimit = 1 << 40

  /// Whether a run could have this progress, which is not certain for what is read from a file.
  var isPlausible: Bool {
    (0...Self.stepLimit).contains(step) && (0...step).contains(epoch)
      && epochSums.counts.allSatisfy { (0...Self.stepLimit).contains($0) }
      && epochSeconds >= 0 && totalSeconds >= 0
      && (bestEpoch.map { (0...epoch).contains($0) } ?? true) && plateau?.isPlausible ?? true
  }
}

/// The state of a run between two steps, as a checkpoint holds it.
public struct TrainingState: Sendable {
  /// The configuration of the run.
  public var configuration: TrainingConfiguration
  /// The parameters of the model.
  public var parameters: ParameterSet
  /// The optimizer and its moments.
  public var optimizer: Optimizer
  /// The moving average of the parameters; nil where the configuration asks for none.
  public var average: ParameterAverage?
  /// How far the run has come.
  public var progress = TrainingProgress()
  /// The identifier of the run; nil for a model that belongs to none, such as an imported one.
  public var run: String?
  /// The images that it was trained on; nil where this is not known.
  public var trainedImages: TrainedImages?

  /// A state with parameters, and by default with a new optimizer and an empty average as the configuration asks for
  /// them.
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

  /// The parameters with which the model is used: their moving average if there is one and it has begun.
  public var modelParameters: ParameterSet {
    guard let average, !average.isEmpty else { return parameters }
    return average.parameters
  }

  /// Makes this the first state of another run, without identifier and best epoch.
  public mutating func beginAnotherRun() {
    run = nil
    (progress.bestNegativeELBO, progress.bestEpoch) = (nil, nil)
  }
}
