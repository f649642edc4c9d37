import ArgumentParser
import Foundation
import ImageDatasets
import Runs
import Training
import VariationalAutoencoder

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trains a model.",
    discussion: """
      The defaults below are those of --preset paper on glyphs. 'ffjord-vae presets --dataset NAME' lists those of every \
      preset on a dataset.

        ffjord-vae train --dataset omniglot
        ffjord-vae train --dataset photos/ --resize 28x28 --preset small
        ffjord-vae train --resume Checkpoints/omniglot-paper --epochs 300

      The output folder gets checkpoints (last.safetensors.zst, best.safetensors.zst), metrics.jsonl, event files for \
      TensorBoard, config.json, and a picture of reconstructions each epoch. The state is saved after each epoch, every \
      ten minutes within one, and by Ctrl-C, which finishes the step and prints how to resume.

      A resumed run keeps its configuration; only --epochs and --steps may change. Both count from the beginning of the \
      run. With --output, a new run begins with its state.

      --output DIR --seeds 1,2,3 trains three runs, one after another, in DIR-seed1, DIR-seed2 and DIR-seed3. --resume DIR \
      --seeds 1,2,3 resumes them, and begins those that have not begun.
      """)

  @OptionGroup(title: "Run") var options: RunOptions
  @OptionGroup(title: "Run") var messages: MessageOptions
  @OptionGroup(title: "Data") var data: TrainingDataOptions
  @OptionGroup(title: "Data") var own: OwnImageOptions
  @OptionGroup var model: ModelOptions
  @OptionGroup(title: "Training") var optimization: OptimizationOptions
  @OptionGroup(title: "Solver") var solve: SolveOptions
  @OptionGroup(title: "Machine") var arithmetic: PrecisionOptions
  @OptionGroup(title: "Machine") var compute: ComputeOptions
  @OptionGroup(title: "Machine") var memory: MemoryOptions

  func run() throws {
    try Failure.reporting {
      messages.apply()
      compute.apply()
      if let seeds = options.seeds?.seeds {
        return try train(seeds)
      }
      var (trainer, lock) = try options.resume.map { try resumed($0) } ?? fresh()
      let stop = Self.stopSignal()
      let path = Terminal.quoted(trainer.directory.url.relativePath)
      let ending = try withExtendedLifetime(lock) {
        try Self.train(&trainer, resumption: "ffjord-vae train --resume \(path)", stop)
      }
      if ending != .interrupted { Self.sayWhatIsNext(path) }
    }
  }

  func validate() throws {
    guard options.seeds != nil else { return }
    if optimization.seed != nil { throw ValidationError("--seed and --seeds: give one of them") }
    if options.resume != nil, options.output != nil {
      throw ValidationError("--resume with --seeds goes on with runs where they are; leave out --output")
    }
  }

  static func stopSignal() -> StopSignal {
    StopSignal {
      Terminal.logger.notice("finishing this step and saving; once more Ctrl-C ends the program at once")
    }
  }

  /// Trains, and says what is trained and how it ended.
  ///
  /// - Parameters:
  ///   - title: What tells the run from others in each line.
  ///   - resumption: The command that goes on with it when it was interrupted.
  static func train(
    _ trainer: inout Trainer, title: String? = nil, resumption: String, _ stop: StopSignal
  ) throws -> Trainer.Ending {
    trainer.communicator = Ranks.communicator
    describe(trainer)
    let display = TrainingDisplay(
      title: title, stepsPerEpoch: trainer.stepsPerEpoch, epochs: trainer.state.configuration.epochs)
    let ending = try trainer.run(observer: display) { stop.isRequested }
    reportTraffic(trainer)
    report(ending, trainer.state, trainer.directory, resumption: resumption)
    return ending
  }

  private func fresh() throws -> (Trainer, RunLock) {
    let (configuration, initial) = try newConfiguration()
    return try begin(configuration, initial, in: output(for: configuration))
  }

  /// The folder of a new run, whose dataset is named as it was given.
  func output(for configuration: TrainingConfiguration) -> String {
    options.output
      ?? "Checkpoints/\(DatasetCatalog.fileName(for: configuration.dataset))-\(configuration.preset.rawValue)"
  }

  /// The configuration of a new run, and the state whose parameters it begins with, if any.
  func newConfiguration() throws -> (TrainingConfiguration, initial: TrainingState?) {
    var configuration = try startingConfiguration()
    let initial = try options.from.map { try startingState($0, &configuration) }
    model.apply(to: &configuration.model)
    data.apply(to: &configuration)
    optimization.apply(to: &configuration)
    solve.apply(to: &configuration)
    if let precision = arithmetic.precision { configuration.precision = precision }
    own.apply(to: &configuration.preparation)
    try model.check(configuration.model)
    try optimization.check(configuration)
    try configuration.validate()
    try solve.check(configuration)
    return (configuration, initial)
  }

  /// The trainer of a new run in a folder.
  func begin(
    _ configuration: TrainingConfiguration, _ initial: TrainingState?, in path: String
  ) throws -> (Trainer, RunLock) {
    var configuration = configuration
    configuration.dataset = DatasetCatalog.lastingName(for: configuration.dataset)
    let locator = DatasetLocator(dataDirectory: data.dataDir, recorded: configuration.dataDirectory)
    let loaded = try load(configuration, locator)
    configuration.dataDirectory = try locator.directory(holding: configuration.dataset)?.path
    // Before anything is touched that is there.
    try MemoryEstimate.training(configuration.fitted(to: loaded), imageCount: loaded.train.count)
      .require(for: "training")
    try Trainer.requireImages(in: loaded)
    // A run's pictures would be images of the dataset from then on.
    try checkOutput(path, isApartFrom: [configuration.dataset])
    let directory = RunDirectory(path)
    let lock = try directory.create(isReplacing: options.overwrite)
    let trainer = try Trainer(
      configuration, dataset: loaded, directory: directory, initial: initial?.parameters,
      trainedOn: initial?.trainedImages)
    return (trainer, lock)
  }

  /// What a new run's options change: a file's configuration, or a preset's.
  private func startingConfiguration() throws -> TrainingConfiguration {
    guard let config = options.config else {
      return (options.preset ?? .paper).configuration(
        dataset: data.dataset ?? DatasetCatalog.standard().rawValue, flow: model.flow ?? .ffjord,
        amortization: model.amortization ?? .lowRank)
    }
    var configuration = try TrainingConfiguration(file: URL(filePath: config))
    configuration.initialCheckpoint = nil
    if let dataset = data.dataset { configuration.dataset = dataset }
    return configuration
  }

  /// The state of a checkpoint, and its model, its dataset if no other was given, and how it had images prepared, in the
  /// configuration. The options of the model are applied to it later, and may ask for another flow.
  private func startingState(
    _ path: String, _ configuration: inout TrainingConfiguration
  ) throws -> TrainingState {
    let trained = try readModel(path, memory: memory)
    let (state, url) = (trained.state, trained.url)
    if data.dataset == nil, options.config == nil {
      configuration = (options.preset ?? .paper).configuration(
        dataset: state.configuration.dataset, flow: state.configuration.model.flow,
        amortization: state.configuration.model.amortization)
    }
    configuration.model = state.configuration.model
    if let flow = model.flow, flow != configuration.model.flow {
      flow.posterior.setSizes(.published, of: &configuration.model)
    }
    if options.config == nil { configuration.preparation = state.configuration.preparation }
    configuration.initialCheckpoint = url.path
    return state
  }
}
