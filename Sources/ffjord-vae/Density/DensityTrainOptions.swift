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
struct DensityOptimizationOptions: ConfiguringOptions {
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

  var assignments: [OptionAssignment<DensityConfiguration>] {
    [
      .init("--steps", steps, \.steps), .init("--batch-size", batchSize, \.batchSize),
      .init("--optimizer", optimizer, \.optimizer), .init("--learning-rate", learningRate, \.learningRate),
      .init("--learning-rate-warmup", learningRateWarmup, \.learningRateWarmup),
      .init("--weight-decay", weightDecay, \.weightDecay), .init("--clip-norm", clipNorm.map(\.value), \.clipNorm),
      .init("--validate-every", validateEvery, \.validationInterval), .init("--patience", patience, \.patience),
      .init("--limit-validation", limitValidation, \.limitValidation), .init("--seed", seed, \.seed),
    ]
  }

  /// The options that were given and that a resumed run does not take: all but its length.
  var namesOfFixed: [String] { names.filter { $0 != "--steps" } }
}

/// What data a density model is trained or used on.
struct DensityDataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Name, picture, table or images (default: the run's)", valueName: "data"))
  var data: String?

  @Option(help: .dataFolder, completion: .directory)
  var dataDir: String?
}
