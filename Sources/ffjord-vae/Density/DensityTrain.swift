import ArgumentParser
import DensityEstimation
import Foundation
import ImageDatasets
import Runs
import Tensors

struct DensityTrain: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Trains a density model.",
    discussion: """
      Data are points in the plane that are drawn without end (swissroll, 8gaussians, pinwheel, circles, moons, 2spirals, \
      checkerboard, rings), a picture (PNG, JPEG) as a density, a table (.npy, .npz or .csv, a row for each sample), or \
      grey images (mnist, or a folder of them). Other settings are the published ones for such data and the flow; those of \
      tables suit MINIBOONE.

        ffjord-vae density train --data pinwheel
        ffjord-vae density train --data table.csv --flow maf --output runs/maf
        ffjord-vae density train --resume runs/maf

      The output folder gets checkpoints (last.safetensors.zst, best.safetensors.zst), metrics.jsonl, event files for \
      TensorBoard and config.json. The state is saved at each validation, every ten minutes between two, and by Ctrl-C, \
      which finishes the step and prints how to resume. A resumed run keeps its configuration; only --steps may change. \
      Resumed on a changed table (--allow-changed-data), it standardizes the new rows by the means and deviations of the \
      first.
      """)

  @OptionGroup(title: "Run") var options: DensityRunOptions
  @OptionGroup(title: "Run") var messages: MessageOptions
  @OptionGroup(title: "Data") var source: DensityDataOptions
  @OptionGroup(title: "Model") var model: DensityModelOptions
  @OptionGroup(title: "Continuous flow (ffjord)") var solve: DensitySolveOptions
  @OptionGroup(title: "Training") var optimization: DensityOptimizationOptions
  @OptionGroup(title: "Machine") var compute: ComputeOptions
  @OptionGroup(title: "Machine") var memory: MemoryOptions

  func run() throws {
    try Failure.reporting(isDensity: true) {
      messages.apply()
      compute.apply()
      let lock: RunLock
      var trainer: DensityTrainer
      if let path = options.resume { (trainer, lock) = try resumed(path) } else { (trainer, lock) = try fresh() }
      let path = Terminal.quoted(trainer.directory.url.relativePath)
      let stop = Train.stopSignal()
      describe(trainer)
      let display = DensityTrainingDisplay(steps: trainer.state.configuration.steps)
      let ending = try withExtendedLifetime(lock) {
        try trainer.run(observer: display) { stop.isRequested }
      }
      report(ending, trainer, path)
    }
  }

  func validate() throws {
    if options.resume == nil, source.data ?? "" == "" { throw ValidationError("--data or --resume is needed") }
  }

  private func fresh() throws -> (DensityTrainer, RunLock) {
    let flows = model.flow?.kinds ?? [.ffjord]
    let name = DensityDataset.lastingName(for: source.data ?? "")
    let locator = DatasetLocator(dataDirectory: source.dataDir, recorded: nil)
    let data = remarking(try DensityDataset.load(name, locator: locator, memoryLimit: memory.limit))
    var configuration = DensityConfiguration.published(
      data.kind, name: name, dimensions: data.dimensions, flows: flows)
    model.apply(to: &configuration)
    solve.apply(to: &configuration)
    optimization.apply(to: &configuration)
    configuration.dataDirectory = try DensityDataset.directory(holding: name, locator)?.path
    try checkOptions(configuration, of: data)
    // Before there is a folder.
    let fitted = configuration.fitted(to: data)
    try fitted.validate()
    try fitted.trainingMemory(samples: data.trainingCount).require(for: "training")
    let file = name.split(separator: "/").last.map(String.init) ?? name
    let output = options.output ?? "Checkpoints/density-\(file)-\(flows.map(\.rawValue).joined(separator: "-"))"
    try checkOutput(output, isApartFrom: [name])
    let directory = RunDirectory(output)
    let lock = try directory.create(isReplacing: options.overwrite)
    return (try DensityTrainer(configuration, data: data, directory: directory), lock)
  }

  /// Refuses options that would have no effect.
  private func checkOptions(_ configuration: DensityConfiguration, of data: DensityDataset) throws {
    func refuse(_ names: [String], _ purpose: String) throws {
      guard let name = names.first else { return }
      throw ValidationError(
        "\(name) is for \(purpose); this model is \(configuration.modelSummary), of \(data.name.visible())")
    }
    if !configuration.isContinuous { try refuse(solve.names, "--flow ffjord") }
    try SolverName.check(solve.names, for: configuration.solver)
    if configuration.polynomial.weight == 0 {
      try refuse(solve.names.filter { $0 == "--polynomial-degree" }, "--polynomial with a weight above 0")
    }
    if configuration.flows.allSatisfy({ ![.deepSigmoidal, .deepDenseSigmoidal, .tan].contains($0) }) {
      try refuse(model.names.filter { $0 == "--components" }, "--flow dsf, ddsf or tan")
    }
    if data.imageShape == nil {
      try refuse(model.names.filter { ["--logit-alpha", "--multiscale"].contains($0) }, "images")
    }
  }

  private func resumed(_ path: String) throws -> (DensityTrainer, RunLock) {
    let given =
      model.names + solve.names + optimization.namesOfFixed + (source.data == nil ? [] : ["--data"])
    guard given.isEmpty else {
      throw ValidationError(
        "a resumed run keeps its configuration, got \(given.joined(separator: ", ")). Leave out all but --steps, --data-dir, "
          + "--allow-changed-data, --quiet, --threads and --memory-limit.")
    }
    let (directory, file) = try RunDirectory.naming(path)
    let lock = try directory.lock()
    let (continuation, remarks) = try DensityRun.continuation(in: directory, from: file, memoryLimit: memory.limit)
    Terminal.warn(of: remarks)
    switch continuation {
    case .beginning(var configuration):
      if let steps = optimization.steps { configuration.steps = steps }
      let locator = try place(&configuration)
      let data = remarking(
        try DensityDataset.load(configuration.dataset, locator: locator, memoryLimit: memory.limit))
      return (try DensityTrainer(configuration, data: data, directory: directory), lock)
    case .state(let model, var state):
      if let steps = optimization.steps {
        guard steps >= state.progress.step else {
          throw ValidationError(
            "the run has taken \(state.progress.step) steps, got --steps \(steps), which counts from its beginning")
        }
        state.configuration.steps = steps
      }
      let locator = try place(&state.configuration)
      let data = remarking(try DensityDataset.load(for: state, locator: locator, memoryLimit: memory.limit))
      let trainer = try DensityTrainer(
        resuming: state, model, data: data, directory: directory, allowingChangedData: options.allowChangedData)
      return (trainer, lock)
    }
  }

  /// What finds a run's data, and in the configuration where they are now.
  private func place(_ configuration: inout DensityConfiguration) throws -> DatasetLocator {
    let locator = DatasetLocator(dataDirectory: source.dataDir, recorded: configuration.dataDirectory)
    configuration.dataset = locator.place(ofRecorded: configuration.dataset)
    configuration.dataDirectory = try DensityDataset.directory(holding: configuration.dataset, locator)?.path
    return locator
  }

  private func remarking(_ data: DensityDataset) -> DensityDataset {
    Terminal.warn(of: data.remarks)
    return data
  }

  private func describe(_ trainer: DensityTrainer) {
    let (state, counts) = (trainer.state, trainer.sampleCounts)
    let training = counts.training.map { "\($0) samples" } ?? "samples without end"
    Terminal.logger.info(
      """
      \(state.configuration.dataset): \(training) to train on, \(counts.validation) to validate, \
      \(Terminal.count(trainer.model.dimensions, "dimension"))
      model: \(state.parameters.count) parameters, \(state.configuration.modelSummary)
      run: \(trainer.directory.url.path), \(Terminal.count(Compute.threads, "thread")), \(Compute.instructionSet)
      """)
    if state.progress.step > 0 { Terminal.logger.info("going on after step \(state.progress.step)") }
  }

  private func report(_ ending: DensityTrainer.Ending, _ trainer: DensityTrainer, _ path: String) {
    let progress = trainer.state.progress
    switch ending {
    case .complete:
      Terminal.logger.info(
        "done after \(Terminal.count(progress.step, "step")), \(Terminal.duration(progress.totalSeconds))")
    case .stoppedEarly(let bestEpoch):
      Terminal.logger.info("stopped: no gain since validation \(bestEpoch) of \(progress.epoch)")
    case .interrupted:
      Terminal.logger.info(
        "stopped after step \(progress.step); go on with: ffjord-vae density train --resume \(path)")
      return
    }
    if let best = progress.bestNegativeLogLikelihood {
      let bits = trainer.model.bitsPerDimension(nats: best).map { " (\($0.fixed(3)) bits/dim)" } ?? ""
      Terminal.logger.info(
        "best validation -log p(x) \(best.fixed(3)) nats\(bits): \(trainer.directory.best.relativePath)",
        metadata: [Terminal.emphasis: "best"])
    }
    let picture =
      trainer.model.dimensions == 2
      ? "plot \(path) --output density.png"
      : "sample \(path) --output samples.\(trainer.state.configuration.image == nil ? "csv" : "png")"
    Terminal.logger.info(
      """
      next: ffjord-vae density evaluate \(path)
            ffjord-vae density \(picture)
      """)
  }
}
