import ArgumentParser
import NeuralNetworks
import Runs
import VariationalAutoencoder

extension OptimizationMethod: ExpressibleByArgument {}
extension LearningRateSchedule: ExpressibleByArgument {}
extension GradientEstimator: ExpressibleByArgument {}

/// How parameters are moved, and how long: the optimizer, its learning rate over the run, and the average that is kept of
/// them.
struct OptimizationOptions: ConfiguringOptions {
  @Option(help: .setting("Passes through the training images", .epochs, .count))
  var epochs: Int?

  @Option(help: .setting("Maximum number of training steps", .steps, .count))
  var steps: Int?

  @Option(help: .setting("Images per step", .batchSize, .count))
  var batchSize: Int?

  @Option(help: .setting("Optimizer", .optimizer))
  var optimizer: OptimizationMethod?

  @Option(help: .setting("Learning rate", .learningRate, .number))
  var learningRate: Double?

  @Option(help: .setting("How the learning rate changes", .schedule))
  var schedule: LearningRateSchedule?

  @Option(help: .setting("Steps over which the rate grows from 0", .learningRateWarmup, .count))
  var learningRateWarmup: Int?

  @Option(help: .setting("Lowest learning rate of the schedule", .finalLearningRate, .number))
  var finalLearningRate: Double?

  @Option(help: .setting("Rate is multiplied by this on a plateau", .plateauFactor, .number))
  var plateauFactor: Double?

  @Option(help: .setting("Epochs without a gain before a reduction", .plateauPatience, .count))
  var plateauPatience: Int?

  @Option(help: .setting("Decay of an average of the parameters", .average, .numberOrNone))
  var average: NumberOrNone?

  @Option(help: .setting("Clip gradients to this norm", .clipNorm, .numberOrNone))
  var clipNorm: NumberOrNone?

  @Option(help: .setting("Weight decay (L2)", .weightDecay, .number))
  var weightDecay: Double?

  @Option(help: .setting("Estimator of the bound's gradient", .gradientEstimator, "kind"))
  var gradientEstimator: GradientEstimator?

  @Option(help: .setting("Weight of generated images in the loss", .generatedWeight, .number))
  var generatedWeight: Double?

  @Option(help: .setting("Shift images at random, up to n pixels", .randomShift, .count))
  var randomShift: Int?

  @Option(help: .setting("Epochs of KL warm-up", .warmup, .count))
  var warmup: Int?

  @Option(help: .setting("Stop beyond n epochs without gain", .patience, .count))
  var patience: Int?

  @Option(help: .setting("Random seed", .seed, .count))
  var seed: UInt64?

  var assignments: [OptionAssignment<TrainingConfiguration>] {
    [
      .init("--epochs", epochs, \.epochs), .init("--steps", steps, \.steps),
      .init("--batch-size", batchSize, \.batchSize), .init("--optimizer", optimizer, \.optimizer),
      .init("--learning-rate", learningRate, \.learningRate), .init("--schedule", schedule, \.schedule),
      .init("--learning-rate-warmup", learningRateWarmup, \.learningRateWarmup),
      .init("--final-learning-rate", finalLearningRate, \.finalLearningRate),
      .init("--plateau-factor", plateauFactor, \.plateauFactor),
      .init("--plateau-patience", plateauPatience, \.plateauPatience),
      .init("--average", average.map(\.value), \.average),
      .init("--clip-norm", clipNorm.map(\.value), \.clipNorm), .init("--weight-decay", weightDecay, \.weightDecay),
      .init("--gradient-estimator", gradientEstimator, \.gradientEstimator),
      .init("--generated-weight", generatedWeight, \.generatedWeight),
      .init("--random-shift", randomShift, \.randomShift), .init("--warmup", warmup, \.warmup),
      .init("--patience", patience, \.patience), .init("--seed", seed, \.seed),
    ]
  }

  /// The options that were given and that a resumed run does not take: all but its lengths.
  var namesOfFixed: [String] { names.filter { !["--epochs", "--steps"].contains($0) } }

  /// Says of options that have no effect with the others that they have none.
  func check(_ configuration: TrainingConfiguration) throws {
    let plateau = [("--plateau-factor", plateauFactor != nil), ("--plateau-patience", plateauPatience != nil)]
    if let given = plateau.first(where: \.1), configuration.schedule != .plateau {
      throw ValidationError("\(given.0) needs --schedule plateau, got --schedule \(configuration.schedule.rawValue)")
    }
    if finalLearningRate != nil, configuration.schedule == .constant {
      throw ValidationError("--final-learning-rate needs --schedule cosine or plateau, got --schedule constant")
    }
  }
}
