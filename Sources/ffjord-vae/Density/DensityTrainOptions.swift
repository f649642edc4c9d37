import ArgumentParser
import DensityEstimation
import NeuralNetworks

/// Where the run of a density model goes, and what it begins with.
struct DensityRunOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Run to resume", valueName: "run"), completion: .resumable)
  var resume: String?

  @Option(
    help: ArgumentHelp("Folder (default: Checkpoints/density-DATA-FLOW)", valueName: "dir"), completion: .directory)
  var output: String?

  @Flag(help: "Replace the run in the output folder")
  var overwrite = false

  @Flag(help: "Resume even if the data have changed")
  var allowChangedData = false

  func validate() throws {
    if output == "" { throw ValidationError("--output needs a value: the folder of the run") }
    if allowChangedData, resume == nil { throw ValidationError("--allow-changed-data needs --resume") }
    if resume != nil, output != nil { throw ValidationError("--resume goes on where the run is; leave out --output") }
    if resume != nil, overwrite { throw ValidationError("--resume and --overwrite: give one of them") }
  }
}

/// How a density model's parameters are moved, and how long.
struct DensityOptimizationOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Maximum number of training steps", .count))
  var steps: Int?

  @Option(help: ArgumentHelp("Samples per step", .count))
  var batchSize: Int?

  @Option(help: "Optimizer (default: adam; toys without ffjord: adamax)")
  var optimizer: OptimizationMethod?

  @Option(help: ArgumentHelp("Learning rate (default: as published)", .number))
  var learningRate: Double?

  @Option(help: ArgumentHelp("Steps over which the rate grows from 0", .count))
  var learningRateWarmup: Int?

  @Option(help: ArgumentHelp("Weight decay (L2)", .number))
  var weightDecay: Double?

  @Option(help: ArgumentHelp("Clip gradients to this norm (default: none)", .numberOrNone))
  var clipNorm: NumberOrNone?

  @Option(help: ArgumentHelp("Steps between validations", .count))
  var validateEvery: Int?

  @Option(help: ArgumentHelp("Stop after more than n validations without gain", .count))
  var patience: Int?

  @Option(help: ArgumentHelp("Use only the first n validation samples", .count))
  var limitValidation: Int?

  @Option(help: ArgumentHelp("Random seed (default: 1)", .count))
  var seed: UInt64?

  /// Changes what was given.
  func apply(to configuration: inout DensityConfiguration) {
    if let steps { configuration.steps = steps }
    if let batchSize { configuration.batchSize = batchSize }
    if let optimizer { configuration.optimizer = optimizer }
    if let learningRate { configuration.learningRate = learningRate }
    if let learningRateWarmup { configuration.learningRateWarmup = learningRateWarmup }
    if let weightDecay { configuration.weightDecay = weightDecay }
    if let clipNorm { configuration.clipNorm = clipNorm.value }
    if let validateEvery { configuration.validationInterval = validateEvery }
    if let patience { configuration.patience = patience }
    if let limitValidation { configuration.limitValidation = limitValidation }
    if let seed { configuration.seed = seed }
  }

  /// The options that were given and that a resumed run does not take: all but its length.
  var namesOfFixed: [String] {
    [
      ("--batch-size", batchSize != nil), ("--optimizer", optimizer != nil), ("--learning-rate", learningRate != nil),
      ("--learning-rate-warmup", learningRateWarmup != nil), ("--weight-decay", weightDecay != nil),
      ("--clip-norm", clipNorm != nil), ("--validate-every", validateEvery != nil), ("--patience", patience != nil),
      ("--limit-validation", limitValidation != nil), ("--seed", seed != nil),
    ].filter(\.1).map(\.0)
  }
}

/// What data a density model is trained or used on.
struct DensityDataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Name of known data, picture, table, or images", valueName: "data"))
  var data: String?

  @Option(help: .dataFolder, completion: .directory)
  var dataDir: String?
}
