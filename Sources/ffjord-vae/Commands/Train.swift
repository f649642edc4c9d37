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
      Defaults below are those of --preset paper on glyphs. 'ffjord-vae presets' lists those of each preset, with \
      --dataset NAME on that dataset.

        ffjord-vae train --dataset omniglot
        ffjord-vae train --dataset photos/ --resize 28x28 --preset small
        ffjord-vae train --resume Checkpoints/omniglot-paper --epochs 300

      The output folder gets checkpoints (last.safetensors.zst, best.safetensors.zst), metrics.jsonl, event files for \
      TensorBoard, config.json, and a picture of reconstructions each epoch. Ctrl-C finishes the step, saves, and says \
      how to go on.

      A resumed run keeps its configuration, but --epochs and --steps, counted from its beginning, may be raised. With \
      --output, another run begins with its state.
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
      var (trainer, lock) = try options.resume.map { try resumed($0) } ?? fresh()
      let directory = trainer.directory
      let configuration = trainer.state.configuration
      Self.describe(trainer)
      let stop = StopSignal {
        Terminal.logger.notice("finishing this step and saving; once more Ctrl-C ends the program at once")
      }
      let display = TrainingDisplay(
        stepsPerEpoch: trainer.stepsPerEpoch, epochs: configuration.epochs)
      let ending = try withExtendedLifetime(lock) { try trainer.run(observer: display) { stop.isRequested } }
      Self.report(ending, trainer.state, directory)
    }
  }

  private func fresh() throws -> (Trainer, RunLock) {
    var configuration = try startingConfiguration()
    let initial = try options.from.map { try startingState($0, &configuration) }
    model.apply(to: &configuration.model)
    data.apply(to: &configuration)
    optimization.apply(to: &configuration)
    solve.apply(to: &configuration)
    if let precision = arithmetic.precision { configuration.precision = precision }
    own.apply(to: &configuration.preparation)
    try optimization.check(configuration)
    try configuration.validate()
    let path =
      options.output
      ?? "Checkpoints/\(DatasetCatalog.fileName(for: configuration.dataset))-\(configuration.preset.rawValue)"
    configuration.dataset = DatasetCatalog.lastingName(for: configuration.dataset)
    let locator = DatasetLocator(dataDirectory: data.dataDir, recorded: configuration.dataDirectory)
    let loaded = try load(configuration, locator)
    configuration.dataDirectory = try locator.directory(holding: configuration.dataset)?.path
    // Before anything is touched that is there.
    try MemoryEstimate.training(configuration.fitted(to: loaded)).require(for: "training")
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
