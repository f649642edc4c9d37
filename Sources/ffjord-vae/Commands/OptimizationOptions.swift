import ArgumentParser
import NeuralNetworks
import Runs
import VariationalAutoencoder

extension OptimizationMethod: ExpressibleByArgument {}
extension LearningRateSchedule: ExpressibleByArgument {}
extension GradientEstimator: ExpressibleByArgument {}

/// How parameters are moved: the optimizer, its learning rate over the run, and the average that is kept of them.
struct OptimizationOptions: ParsableArguments {
  @Option(help: "The optimizer. (default: adamax)")
  var optimizer: OptimizationMethod?

  @Option(help: ArgumentHelp("Learning rate. (default: 5e-4)", valueName: "rate"))
  var learningRate: Double?

  @Option(
    help: """
      The learning rate over the run: constant; cosine, falling to the final rate at the last step; plateau, falling when \
      the validation bound stops improving. (default: constant)
      """)
  var schedule: LearningRateSchedule?

  @Option(
    help: ArgumentHelp("Steps over which the learning rate grows from zero. (default: 0)", valueName: "steps"))
  var learningRateWarmup: Int?

  @Option(
    help: ArgumentHelp("Where cosine ends, and below which plateau does not go. (default: 0)", valueName: "rate"))
  var finalLearningRate: Double?

  @Option(
    help: ArgumentHelp("plateau: what the learning rate is multiplied by. (default: 0.1)", valueName: "factor"))
  var plateauFactor: Double?

  @Option(
    help: ArgumentHelp(
      "plateau: epochs without a better validation bound that are borne. (default: 10)", valueName: "n"))
  var plateauPatience: Int?

  @Option(
    help: ArgumentHelp(
      """
      Keep an exponential moving average of the parameters with this decay a step, such as 0.999, and validate and use \
      the model with it; or none. (default: none)
      """, valueName: "decay"))
  var average: NumberOrNone?

  @Option(help: ArgumentHelp("Clip the norm of all gradients to this; or none. (default: none)", valueName: "norm"))
  var clipNorm: NumberOrNone?

  @Option(
    help: ArgumentHelp("Add this times a parameter to its gradient. (default: 0)", valueName: "weight"))
  var weightDecay: Double?

  @Option(
    help: """
      The gradient of the bound: total, or path, without the score term, whose mean is zero. For ffjord and none. \
      (default: total)
      """)
  var gradientEstimator: GradientEstimator?

  /// Changes what was given.
  func apply(to configuration: inout TrainingConfiguration) {
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
  }

  /// The options that were given.
  var names: [String] {
    [
      ("--optimizer", optimizer != nil), ("--learning-rate", learningRate != nil), ("--schedule", schedule != nil),
      ("--learning-rate-warmup", learningRateWarmup != nil), ("--final-learning-rate", finalLearningRate != nil),
      ("--plateau-factor", plateauFactor != nil), ("--plateau-patience", plateauPatience != nil),
      ("--average", average != nil), ("--clip-norm", clipNorm != nil), ("--weight-decay", weightDecay != nil),
      ("--gradient-estimator", gradientEstimator != nil),
    ].filter(\.1).map(\.0)
  }

  /// Says of options that have no effect with the others that they have none.
  func check(_ configuration: TrainingConfiguration) throws {
    let plateau = [("--plateau-factor", plateauFactor != nil), ("--plateau-patience", plateauPatience != nil)]
    if let given = plateau.first(where: \.1), configuration.schedule != .plateau {
      throw ValidationError("\(given.0) needs --schedule plateau")
    }
    if finalLearningRate != nil, configuration.schedule == .constant {
      throw ValidationError("--final-learning-rate needs --schedule cosine or plateau")
    }
  }
}
