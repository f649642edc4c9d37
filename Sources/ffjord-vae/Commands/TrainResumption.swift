import ArgumentParser
import Foundation
import ImageDatasets
import Runs
import Training

/// How `train` goes on with runs, and begins others with their states.
extension Train {
  /// Checks that no option was given that would change a run that goes on.
  func checkResumption() throws {
    let chosen: [(String, Bool)] = [
      ("--overwrite", options.overwrite && options.output == nil), ("--preset", options.preset != nil),
      ("--config", options.config != nil), ("--from", options.from != nil),
      ("--precision", arithmetic.precision != nil),
    ]
    let given =
      chosen.filter(\.1).map(\.0) + data.names + own.names + optimization.namesOfFixed + solve.names
      + model.names
    guard given.isEmpty else {
      throw ValidationError(
        "a resumed run keeps its configuration, got \(given.joined(separator: ", ")). Leave out all but --epochs, --steps, "
          + "--data-dir, --allow-changed-data, --output, --seeds, --quiet, --threads and --memory-limit.")
    }
  }

  /// The trainer of a run that goes on, or of another that begins with its state.
  func resumed(_ path: String) throws -> (Trainer, RunLock) {
    try checkResumption()
    let (directory, file) = try RunDirectory.naming(path)
    if let output = options.output { return try branched(from: directory, file, to: RunDirectory(output)) }
    let lock = try directory.lock()
    let (continuation, remarks) = try directory.continuation(from: file, memoryLimit: memory.limit)
    Terminal.warn(of: remarks)
    switch continuation {
    case .beginning(var configuration):
      return (try beginning(&configuration, in: directory), lock)
    case .state(let model, var state):
      try requireRest(of: state)
      try applyLengths(to: &state.configuration)
      let loaded = try loadRecorded(&state.configuration)
      let trainer = try Trainer(
        resuming: state, model, dataset: loaded, directory: directory, allowingChangedData: options.allowChangedData)
      return (trainer, lock)
    }
  }

  /// The trainer of a run that has its configuration, and no checkpoint yet.
  func beginning(_ configuration: inout TrainingConfiguration, in directory: RunDirectory) throws -> Trainer {
    try applyLengths(to: &configuration)
    let loaded = try loadRecorded(&configuration)
    let initial = try configuration.initialCheckpoint.map { try readModel($0, memory: memory).state }
    return try Trainer(
      configuration, dataset: loaded, directory: directory, initial: initial?.parameters,
      trainedOn: initial?.trainedImages)
  }

  /// Another run, that begins with the state of a run or of a file.
  func branched(
    from source: RunDirectory, _ file: URL?, to directory: RunDirectory
  ) throws -> (Trainer, RunLock) {
    func place(_ directory: RunDirectory) -> String { directory.url.resolvingSymlinksInPath().standardizedFileURL.path }
    guard place(source) != place(directory) || file != nil && !source.holdsRun else {
      throw ValidationError(
        "--output \(options.output ?? ""): the run that is there cannot be replaced by another that begins with its state. Leave "
          + "--output out to go on with it, or choose another directory.")
    }
    var (model, state, remarks) = try source.state(of: file, memoryLimit: memory.limit)
    Terminal.warn(of: remarks)
    try applyLengths(to: &state.configuration)
    let loaded = try loadRecorded(&state.configuration)
    try checkOutput(directory.url.path, isApartFrom: [state.configuration.dataset])
    state.beginAnotherRun()
    let lock = try directory.create(isReplacing: options.overwrite, isApart: true)
    let trainer = try Trainer(
      resuming: state, model, dataset: loaded, directory: directory, allowingChangedData: options.allowChangedData)
    try trainer.save()
    return (trainer, lock)
  }

  /// Refuses lengths that a run has passed already.
  private func requireRest(of state: TrainingState) throws {
    let progress = state.progress
    for (option, length, done, unit) in [
      ("--epochs", optimization.epochs, progress.epoch, "epoch"),
      ("--steps", optimization.steps, progress.step, "step"),
    ] {
      guard let length, length < done else { continue }
      throw ValidationError(
        "the run has taken \(Terminal.count(done, unit)), got \(option) \(length), which counts from its beginning")
    }
  }

  /// How long a run that goes on is to be, where that was said.
  func applyLengths(to configuration: inout TrainingConfiguration) throws {
    let (epochs, steps) = (optimization.epochs, optimization.steps)
    if let epochs {
      configuration.epochs = epochs
      if let limit = configuration.steps, steps == nil {
        Terminal.logger.notice(
          "--epochs \(epochs) takes the place of the run's limit of \(Terminal.count(limit, "step"))")
      }
    }
    if steps != nil || epochs != nil { configuration.steps = steps }
    try configuration.validate()
  }

  func load(_ configuration: TrainingConfiguration, _ locator: DatasetLocator) throws -> ImageDataset {
    try own.load(
      configuration.dataset, locator, preparation: configuration.preparation, memoryLimit: memory.limit
    ) { message in
      Terminal.logger.info("\(message)")
    }
  }

  /// The dataset of a run, from where it was or where it is now.
  func loadRecorded(_ configuration: inout TrainingConfiguration) throws -> ImageDataset {
    let locator = DatasetLocator(dataDirectory: data.dataDir, recorded: configuration.dataDirectory)
    configuration.dataset = locator.place(ofRecorded: configuration.dataset)
    let loaded = try load(configuration, locator)
    configuration.dataDirectory = try locator.directory(holding: configuration.dataset)?.path
    return loaded
  }
}
