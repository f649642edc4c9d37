import ArgumentParser
import NeuralNetworks
import Runs
import VariationalAutoencoder

extension OptimizationMethod: ExpressibleByArgument {}
extension LearningRateSchedule: ExpressibleByArgument {}
extension GradientEstimator: ExpressibleByArgument {}

/// How parameters are moved, and how long: the optimizer, its learning rate over the run, and the average that is kept of
/// them.
struct OptimizationOptions: ParsableArguments {
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

  @Option(help: .setting("Stop after n epochs without improvement", .patience, .count))
  var patience: Int?

  @Option(help: .setting("Random seed", .seed, .count))
  var seed: UInt64?

  /// Changes what was given.
  func apply(to configuration: inout TrainingConfiguration) {
    if let epochs { configuration.epochs = epochs }
    if let steps { configuration.steps = steps }
    if let batchSize { configuration.batchSize = batchSize }
    if let optimizer { configuration.optimizer = optimizer }
    if let learningRate { configuration.learningRate = learningRate }
    if let schedule { configuration.schedule = schedule }
    if let learningRateWarmup { configuration.learningRateWarmup = learningRateWarmup }
    if let finalLearningRate { configuration.finalLearningRate = finalLearningRate }
    if let plateauFactor { configuration.plateauFactor = plateauFactor }
    if let plateauPatience { configuration.plateauPatience = plateauPatience }
    if let average { configuration.average = average.value }
    if let clipNorm { configuration.clipNorm = clipNorm.value }
    if let weightDecay { configuration.weightDecay = weightDecay }
    if let gradientEstimator { configuration.gradientEstimator = gradientEstimator }
    if let generatedWeight { configuration.generatedWeight = generatedWeight }
    if let randomShift { configuration.randomShift = randomShift }
    if let warmup { configuration.warmup = warmup }
    if let patience { configuration.patience = patience }
    if let seed { configuration.seed = seed }
  }

  /// The options that were given and that a resumed run does not take: all but its lengths.
  var namesOfFixed: [String] {
    [
      ("--batch-size", batchSize != nil), ("--optimizer", optimizer != nil), ("--learning-rate", learningRate != nil),
      ("--schedule", schedule != nil), ("--learning-rate-warmup", learningRateWarmup != nil),
      ("--final-learning-rate", finalLearningRate != nil), ("--plateau-factor", plateauFactor != nil),
      ("--plateau-patience", plateauPatience != nil), ("--average", average != nil), ("--clip-norm", clipNorm != nil),
      ("--weight-decay", weightDecay != nil), ("--gradient-estimator", gradientEstimator != nil),
      ("--generated-weight", generatedWeight != nil), ("--random-shift", randomShift != nil),
      ("--warmup", warmup != nil), ("--patience", patience != nil), ("--seed", seed != nil),
    ].filter(\.1).map(\.0)
  }

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
