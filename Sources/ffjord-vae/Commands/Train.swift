import ArgumentParser
import DifferentialEquations
import Foundation
import ImageDatasets
import NeuralNetworks
import NormalizingFlows
import Runs
import Tensors
import Training
import VariationalAutoencoder

extension Preset: ExpressibleByArgument {}
extension StepSizeControl: ExpressibleByArgument {}
extension AdjointMethod: ExpressibleByArgument {}

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trains a model.",
    discussion: """
      Writes to the output directory: last.safetensors.zst and best.safetensors.zst (checkpoints), metrics.jsonl (a line \
      each step and epoch), event files for TensorBoard (the same, with reconstructions and samples each epoch and the \
      hyper-parameters; the epochs' in the folders train and validation), config.json, and a picture of \
      reconstructions each epoch. Ctrl-C, or the end of the terminal, finishes the step, saves, and says how to go on.

      A resumed run keeps its configuration. --epochs and --steps count from the run's beginning and may be \
      raised; --epochs alone lifts an earlier limit of --steps. A run goes on in its directory from its \
      last.safetensors.zst, or from best.safetensors.zst where that is damaged or missing; any other checkpoint, such as \
      one that was imported, begins another run: --resume FILE --output DIR.

      Defaults below are those of the paper preset; --preset small changes some of them.
      """)

  @Option(help: "The dataset; see 'ffjord-vae datasets list'. (default: \(DatasetCatalog.standard().rawValue))")
  var dataset: String?

  @Option(help: ArgumentHelp("Where datasets are looked for first.", valueName: "dir"))
  var dataDir: String?

  @OptionGroup var memory: MemoryOptions

  @Option(help: ArgumentHelp("Where the run goes. (default: Checkpoints/DATASET-PRESET)", valueName: "dir"))
  var output: String?

  @Flag(
    help: "Replace a run that is already in the output directory, when the new one has its first checkpoint.")
  var overwrite = false

  @Option(
    help: ArgumentHelp(
      "Goes on with the run in a directory; with --output, begins another run from a run's or a file's state.",
      valueName: "dir"))
  var resume: String?

  @Option(
    help: ArgumentHelp(
      """
      Begin a new run with the parameters of a checkpoint, whose model and dataset it has. With options of another flow, \
      the flow begins at random, beside the checkpoint's encoder and decoder.
      """, valueName: "checkpoint"))
  var from: String?

  @Option(
    help: ArgumentHelp(
      "A JSON file with the configuration, such as a run's config.json; options here win over it.", valueName: "file"))
  var config: String?

  @Option(
    help: """
      paper: the published experiment as its code runs it; paper-text: as the paper describes it; fast: this program's own \
      recipe for the same data; small: two minutes on glyphs. (default: paper)
      """)
  var preset: Preset?

  @Option(help: ArgumentHelp("Passes through the training images at most. (default: 2000)", valueName: "n"))
  var epochs: Int?

  @Option(help: ArgumentHelp("Steps at most. (default: no limit)", valueName: "n"))
  var steps: Int?

  @Option(help: ArgumentHelp("Images a step. (default: 100)", valueName: "n"))
  var batchSize: Int?

  @OptionGroup var optimization: OptimizationOptions

  @Option(
    help: ArgumentHelp(
      "Epochs over which the weight of the KL term grows to one. (default: 100)", valueName: "n"))
  var warmup: Int?

  @Option(
    help: ArgumentHelp(
      "Epochs without a better validation bound, after the warm-up, until training stops. (default: 35)",
      valueName: "n"))
  var patience: Int?

  @OptionGroup var own: OwnImageOptions

  @Flag(help: "With --resume: go on although the images are not those that the run began with.")
  var allowChangedData = false

  @OptionGroup var model: ModelOptions

  @Option(
    help: ArgumentHelp(
      "\(ButcherTableau.all.map(\.name).joined(separator: ", ")). (default: dopri5)", valueName: "method"))
  var solver: String?

  @Option(
    help: ArgumentHelp(
      "Absolute and relative tolerance of an adaptive solver's step. (default: 1e-5)", valueName: "x"))
  var tolerance: Double?

  @Option(
    help: ArgumentHelp(
      "Another tolerance for the steps of training; validation keeps --tolerance. (default: the same)", valueName: "x"))
  var trainingTolerance: Double?

  @Option(help: "Step sizes follow the last error (integral) or the last two (pi). (default: integral)")
  var controller: StepSizeControl?

  @Flag(
    inversion: .prefixedNo,
    help: """
      Begin a block's solve with the step size that its last one ended with, in steps of one size: fewer evaluations. \
      (default: --warm-start)
      """)
  var warmStart: Bool?

  @Option(help: ArgumentHelp("Steps of a solver without error estimate. (default: 20)", valueName: "n"))
  var solverSteps: Int?

  @Option(
    help: "The divergence: gaussian or rademacher (Hutchinson's estimate) or exact. (default: gaussian)")
  var divergence: Divergence?

  @Option(help: "The gradient of a solve: direct, checkpointed or adjoint. (default: direct)")
  var gradient: AdjointMethod?

  @Option(
    help: """
      The arithmetic of convolutions and of the hypernetwork: float32, or mixed, with factors rounded to bfloat16, which \
      is faster on processors with AVX512-BF16 or AMX. (default: float32)
      """)
  var precision: Precision?

  @Option(help: ArgumentHelp("Where all random numbers begin. (default: 1)", valueName: "n"))
  var seed: UInt64?

  @Option(help: ArgumentHelp("Use only the first training images.", valueName: "n"))
  var limitTrain: Int?

  @Option(help: ArgumentHelp("Use only the first validation images.", valueName: "n"))
  var limitEval: Int?

  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    if allowChangedData, resume == nil { throw ValidationError("--allow-changed-data goes with --resume") }
  }

  func run() throws {
    try Failure.reporting {
      compute.apply()
      var (trainer, lock) = try resume.map { try resumed($0) } ?? fresh()
      let directory = trainer.directory
      let configuration = trainer.state.configuration
      describe(trainer)
      let stop = StopSignal {
        Terminal.logger.notice("finishing this step and saving; once more Ctrl-C ends the program at once")
      }
      let display = TrainingDisplay(
        stepsPerEpoch: trainer.stepsPerEpoch, epochs: configuration.epochs)
      let ending = try withExtendedLifetime(lock) { try trainer.run(observer: display) { stop.isRequested } }
      report(ending, trainer.state, directory)
    }
  }

  private func fresh() throws -> (Trainer, RunLock) {
    var configuration = try startingConfiguration()
    let initial = try from.map { try startingState($0, &configuration) }
    model.apply(to: &configuration.model)
    if let epochs { configuration.epochs = epochs }
    if let batchSize { configuration.batchSize = batchSize }
    optimization.apply(to: &configuration)
    if let warmup { configuration.warmup = warmup }
    if let patience { configuration.patience = patience }
    if let solver { configuration.solver = solver }
    if let tolerance { configuration.tolerance = tolerance }
    if let trainingTolerance { configuration.trainingTolerance = trainingTolerance }
    if let controller { configuration.controller = controller }
    if let precision { configuration.precision = precision }
    if let warmStart { configuration.warmStart = warmStart }
    if let solverSteps { configuration.solverSteps = solverSteps }
    if let divergence { configuration.divergence = divergence }
    if let gradient { configuration.gradient = gradient }
    if let seed { configuration.seed = seed }
    if let limitTrain { configuration.limitTrain = limitTrain }
    if let limitEval { configuration.limitEvaluation = limitEval }
    own.apply(to: &configuration.preparation)
    if let steps { configuration.steps = steps }
    try optimization.check(configuration)
    try configuration.validate()
    let path =
      output ?? "Checkpoints/\(DatasetCatalog.fileName(for: configuration.dataset))-\(configuration.preset.rawValue)"
    configuration.dataset = DatasetCatalog.lastingName(for: configuration.dataset)
    let locator = DatasetLocator(dataDirectory: dataDir, recorded: configuration.dataDirectory)
    let loaded = try load(configuration, locator)
    configuration.dataDirectory = try locator.directory(holding: configuration.dataset)?.path
    // Before anything is touched that is there.
    try MemoryEstimate.training(configuration.fitted(to: loaded)).require(for: "training")
    let directory = RunDirectory(path)
    let lock = try directory.create(isReplacing: overwrite)
    let trainer = try Trainer(
      configuration, dataset: loaded, directory: directory, initial: initial?.parameters,
      trainedOn: initial?.trainedImages)
    return (trainer, lock)
  }

  /// What a new run's options change: a file's configuration, or a preset's.
  private func startingConfiguration() throws -> TrainingConfiguration {
    guard let config else {
      return (preset ?? .paper).configuration(
        dataset: dataset ?? DatasetCatalog.standard().rawValue, flow: model.flow ?? .ffjord,
        amortization: model.amortization ?? .lowRank)
    }
    guard preset == nil else {
      throw ValidationError("--config and --preset: give one of them; a configuration file may name a preset itself")
    }
    var configuration = try TrainingConfiguration(file: URL(filePath: config))
    configuration.initialCheckpoint = nil
    if let dataset { configuration.dataset = dataset }
    return configuration
  }

  /// The state of a checkpoint, and its model, its dataset if no other was given, and how it had images prepared, in the
  /// configuration. The options of the model are applied to it later, and may ask for another flow.
  private func startingState(
    _ path: String, _ configuration: inout TrainingConfiguration
  ) throws -> TrainingState {
    let trained = try readModel(path, memory: memory)
    let (state, url) = (trained.state, trained.url)
    if dataset == nil, config == nil {
      configuration = (preset ?? .paper).configuration(
        dataset: state.configuration.dataset, flow: state.configuration.model.flow,
        amortization: state.configuration.model.amortization)
    }
    configuration.model = state.configuration.model
    if let flow = model.flow, flow != configuration.model.flow {
      flow.posterior.setSizes(.published, of: &configuration.model)
    }
    if config == nil { configuration.preparation = state.configuration.preparation }
    configuration.initialCheckpoint = url.path
    return state
  }

  private func resumed(_ path: String) throws -> (Trainer, RunLock) {
    let fixed: [(String, Bool)] = [
      ("--dataset", dataset != nil), ("--overwrite", overwrite && output == nil), ("--preset", preset != nil),
      ("--config", config != nil), ("--from", from != nil), ("--batch-size", batchSize != nil),
      ("--warmup", warmup != nil), ("--patience", patience != nil),
      ("--solver", solver != nil),
      ("--tolerance", tolerance != nil), ("--training-tolerance", trainingTolerance != nil),
      ("--solver-steps", solverSteps != nil),
      ("--controller", controller != nil), ("--warm-start", warmStart != nil),
      ("--precision", precision != nil),
      ("--divergence", divergence != nil), ("--gradient", gradient != nil), ("--seed", seed != nil),
      ("--limit-train", limitTrain != nil), ("--limit-eval", limitEval != nil),
    ]
    let given = fixed.filter(\.1).map(\.0) + own.names + optimization.names + model.names
    guard given.isEmpty else {
      throw ValidationError(
        "a resumed run keeps its configuration; leave out \(given.joined(separator: ", ")). --epochs, --steps, "
          + "--data-dir, --allow-changed-data, --output and --threads may be given.")
    }
    let (directory, file) = try RunDirectory.naming(path)
    if let output { return try branched(from: directory, file, to: RunDirectory(output)) }
    let lock = try directory.lock()
    let (continuation, remarks) = try directory.continuation(from: file, memoryLimit: memory.limit)
    for remark in remarks { Terminal.logger.warning("\(remark)") }
    switch continuation {
    case .beginning(var configuration):
      try applyLengths(to: &configuration)
      let loaded = try loadRecorded(&configuration)
      let initial = try configuration.initialCheckpoint.map { try readModel($0, memory: memory).state }
      let trainer = try Trainer(
        configuration, dataset: loaded, directory: directory, initial: initial?.parameters,
        trainedOn: initial?.trainedImages)
      return (trainer, lock)
    case .state(let model, var state):
      try applyLengths(to: &state.configuration)
      let loaded = try loadRecorded(&state.configuration)
      let trainer = try Trainer(
        resuming: state, model, dataset: loaded, directory: directory, allowingChangedData: allowChangedData)
      return (trainer, lock)
    }
  }

  private func describe(_ trainer: Trainer) {
    let configuration = trainer.state.configuration
    let model = configuration.model
    let counts = trainer.imageCounts
    Terminal.logger.info(
      """
      \(configuration.dataset): \(counts.training) images to train on, \(counts.validation) to validate
      model: \(trainer.state.parameters.count) parameters, latent \(model.latent), \(model.posteriorSummary)
      run: \(trainer.directory.url.path), \(Terminal.count(trainer.stepsPerEpoch, "step")) an epoch, \
      \(Terminal.count(Compute.threads, "thread")), \(Compute.instructionSet), \(configuration.precision.rawValue)
      """)
    if configuration.precision == .mixed, !Compute.instructionSet.hasBFloat16 {
      Terminal.logger.notice(
        """
        this processor has no instructions for bfloat16 (AVX512-BF16 or AMX) in use: mixed precision is carried out in \
        float32 here, no faster
        """)
    }
    if let initial = configuration.initialCheckpoint, trainer.state.progress.step == 0 {
      Terminal.logger.info(
        """
        begins with \(trainer.hasNewFlow ? "the encoder and decoder" : "the parameters") of \
        \(Terminal.quoted(initial))\(trainer.hasNewFlow ? " and a new flow" : "")
        """)
    }
    let step = trainer.state.progress.step
    guard step > 0 else { return }
    Terminal.logger.info(
      step < trainer.totalSteps
        ? "going on after step \(step) of \(trainer.totalSteps)"
        : "all \(trainer.totalSteps) steps are done already; raise --epochs or --steps to go on")
  }

  private func report(_ ending: Trainer.Ending, _ state: TrainingState, _ directory: RunDirectory) {
    let path = Terminal.quoted(directory.url.relativePath)
    switch ending {
    case .complete:
      Terminal.logger.info(
        "done after \(Terminal.count(state.progress.step, "step")), \(Terminal.duration(state.progress.totalSeconds))"
      )
    case .stoppedEarly(let bestEpoch):
      Terminal.logger.info(
        "stopped: no better bound since epoch \(bestEpoch), for \(state.configuration.patience) epochs")
    case .interrupted:
      Terminal.logger.info(
        "stopped after step \(state.progress.step); go on with: ffjord-vae train --resume \(path)")
      return
    }
    if let best = state.progress.bestNegativeELBO, let epoch = state.progress.bestEpoch,
      FileManager.default.fileExists(atPath: directory.best.path)
    {
      Terminal.logger.info(
        "best validation -ELBO \(best.fixed(2)) nats, epoch \(epoch): \(directory.best.relativePath)")
    }
    Terminal.logger.info(
      """
      next: ffjord-vae evaluate \(path)
            ffjord-vae reconstruct \(path) --output reconstructions.png
      """)
  }
}
