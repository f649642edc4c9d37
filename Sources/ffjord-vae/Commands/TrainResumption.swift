import ArgumentParser
import Foundation
import ImageDatasets
import Runs
import Training

/// How `train` goes on with runs, and begins others with their states.
extension Train {
  /// Another run, that begins with the state of a run or of a file.
  func branched(
    from source: RunDirectory, _ file: URL?, to directory: RunDirectory
  ) throws -> (Trainer, RunLock) {
    func place(_ directory: RunDirectory) -> String { directory.url.resolvingSymlinksInPath().standardizedFileURL.path }
    guard place(source) != place(directory) || file != nil && !source.holdsRun else {
      throw ValidationError(
        "--output \(output ?? ""): the run that is there cannot be replaced by another that begins with its state. Leave "
          + "--output out to go on with it, or choose another directory.")
    }
    var (model, state, remarks) = try source.state(of: file, memoryLimit: memory.limit)
    for remark in remarks { Terminal.logger.warning("\(remark)") }
    try applyLengths(to: &state.configuration)
    let loaded = try loadRecorded(&state.configuration)
    state.beginAnotherRun()
    let lock = try directory.create(isReplacing: overwrite, isApart: true)
    let trainer = try Trainer(
      resuming: state, model, dataset: loaded, directory: directory, allowingChangedData: allowChangedData)
    try trainer.save()
    return (trainer, lock)
  }

  /// How long a run that goes on is to be, where that was said.
  func applyLengths(to configuration: inout TrainingConfiguration) throws {
    if let epochs { configuration.epochs = epochs }
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
    let locator = DatasetLocator(dataDirectory: dataDir, recorded: configuration.dataDirectory)
    configuration.dataset = locator.place(ofRecorded: configuration.dataset)
    let loaded = try load(configuration, locator)
    configuration.dataDirectory = try locator.directory(holding: configuration.dataset)?.path
    return loaded
  }
}
