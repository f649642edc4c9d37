import DifferentialEquations
import NeuralNetworks
import Runs

/// The progress of a run that trains a density model: all of its state but tensors.
///
/// An epoch of such a run is what lies between two validations.
public struct DensityProgress: Sendable, Equatable, Codable {
  /// The number of steps done.
  public var step = 0
  /// The number of finished epochs.
  public var epoch = 0
  /// What the solves of the next step start from.
  public var solverStates: [SolverState] = []
  /// The sums of the metrics of the current epoch.
  public var epochSums = DensityMetricsSum()
  /// The seconds of training in the current epoch.
  public var epochSeconds = 0.0
  /// The seconds of training in the whole run.
  public var totalSeconds = 0.0
  /// The best negative log-likelihood on the validation samples so far, in nats.
  public var bestNegativeLogLikelihood: Double?
  /// The epoch of the best negative log-likelihood, counted from one.
  public var bestEpoch: Int?
  /// How often the learning rate has dropped to a tenth.
  public var drops = 0

  /// The progress of a new run.
  public init() {}

  /// The number of validations since the best one.
  public var epochsWithoutGain: Int { epoch - (bestEpoch ?? epoch) }

  /// Where in a run this is.
  func position(in run: String?) -> CheckpointPosition {
    CheckpointPosition(run: run, epoch: epoch, step: step, bestEpoch: bestEpoch, isBest: isBest)
  }

  /// Whether this is the state at the end of the best epoch so far.
  var isBest: Bool { bestEpoch == epoch && epoch > 0 && epochSums.samples == 0 }

  /// Whether a run could have this progress, which is not certain for what is read from a file.
  var isPlausible: Bool {
    let limit = TrainingProgress.stepLimit
    return (0...limit).contains(step) && (0...step).contains(epoch) && epochSums.isPlausible && epochSums.samples >= 0
      && epochSeconds >= 0 && totalSeconds >= 0 && (0...2).contains(drops) && solverStates.count <= 1 << 16
      && (bestEpoch.map { (0...epoch).contains($0) } ?? true)
  }
}

/// The state of a run that trains a density model, between two steps.
public struct DensityState: Sendable {
  /// The configuration of the run.
  public var configuration: DensityConfiguration
  /// The parameters of the model.
  public var parameters: ParameterSet
  /// The tensors that training changes other than by gradients.
  public var buffers: ParameterSet
  /// The optimizer and its moments.
  public var optimizer: Optimizer
  /// The means and deviations by which a table was standardized; nil for other data.
  public var standardization: Standardization?
  /// The names of a table's columns; nil where it has none, and for other data.
  public var columns: [String]?
  /// How far the run has come.
  public var progress = DensityProgress()
  /// The identifier of the run.
  public var run: String?

  /// The first state of a run.
  public init(_ configuration: DensityConfiguration, _ parameters: ParameterSet, buffers: ParameterSet) {
    self.configuration = configuration
    self.parameters = parameters
    self.buffers = buffers
    optimizer = Optimizer(
      configuration.optimizer, for: parameters, learningRate: configuration.learningRate,
      weightDecay: configuration.weightDecay)
  }

  /// Follows the published rule for the learning rate after a validation: a tenth of it once more than a third of the
  /// patience has passed without gain, a hundredth after two thirds.
  mutating func dropLearningRate() {
    guard let patience = configuration.patience else { return }
    let waited = progress.epochsWithoutGain
    if progress.drops == 0, waited > patience / 3 {
      progress.drops = 1
    } else if progress.drops == 1, waited > patience / 3 * 2 {
      progress.drops = 2
    }
  }

  /// The learning rate of the next step.
  var learningRate: Double {
    let warmup = configuration.learningRateWarmup
    let rate = progress.step < warmup ? Double(progress.step + 1) / Double(warmup) : 1
    return configuration.learningRate * rate / [1, 10, 100][progress.drops]
  }
}
