import Files
import Foundation
import Safetensors
import VariationalAutoencoder

extension Checkpoint {
  /// The checkpoint file at a path: the file itself, or in the directory of a run the best, or else the last
  /// checkpoint; where there is neither, that of the model of this name in the ``ModelCatalog``.
  ///
  /// - Throws: ``RunError/missingCheckpoint(path:)``, ``RunError/missingModel(name:path:)``
  public static func file(at path: String) throws(RunError) -> URL {
    guard let file = try files(at: path).urls.first else { throw .missingCheckpoint(path: path) }
    return file
  }

  /// The description of the checkpoint at a path, and remarks on the choice of the file.
  ///
  /// - Parameters:
  ///   - path: A checkpoint file, or the directory of a run.
  ///   - memoryLimit: How much memory the file's contents may take.
  /// - Throws: As `TrainedModel.init(at:parameters:memoryLimit:)`.
  public static func summary(
    at path: String, memoryLimit: MemoryLimit = .standard
  ) throws -> (summary: Summary, remarks: [String]) {
    let (found, _, remarks) = try usable(at: path) { try summary(of: $0, memoryLimit: memoryLimit) }
    return (found, remarks)
  }

  /// Reads the first undamaged checkpoint of those that a path may refer to.
  ///
  /// - Returns: What was read, its file, and remarks on the choice of the file.
  package static func usable<Value>(
    at path: String, _ read: (URL) throws -> Value
  ) throws -> (Value, url: URL, remarks: [String]) {
    let (files, remarks) = try files(at: path)
    guard let first = files.first else { throw RunError.missingCheckpoint(path: path) }
    do {
      let (value, file, failures) = try firstUndamaged(of: files, at: path, read)
      let choice = failures.isEmpty ? [] : ["using \(file.relativePath), of \(try summary(of: file).position.words)"]
      return (value, file, remarks + failures + choice)
    } catch  where files.count == 1 && isDamage(error) { throw offer(besides: first, error) }
  }

  /// Whether an error means that a file is damaged, so that another may be used in its place.
  package static func isDamage(_ error: any Error) -> Bool {
    switch error {
    case let error as RunError: error.category == .badData
    case let error as SafetensorsError: error.category == .badData
    default: false
    }
  }

  /// The description of an error.
  static func words(_ error: any Error) -> String { "\(error)" }

  /// An error with the descriptions of all the given errors.
  static func together(_ errors: [any Error], _ path: String) -> RunError {
    .invalidRun(path: path, reason: errors.map(words).joined(separator: "\n"))
  }

  /// The error, with a mention of the run's other checkpoint if the file is one of the two and the other is undamaged.
  static func offer(besides file: URL, _ error: any Error) -> any Error {
    let other = [lastName: bestName, bestName: lastName][file.lastPathComponent]
    guard let other = other.map({ file.deletingLastPathComponent().appending(path: $0) }),
      let state = try? read(other, includingOptimizer: false).state
    else { return error }
    return RunError.invalidRun(
      path: file.relativePath,
      reason: "\(words(error))\n\(other.relativePath), of \(state.progress.place), is whole: name that one")
  }

  /// The checkpoint files that a path may refer to, in the order of preference, judged by their headers; and remarks
  /// on the choice.
  private static func files(at path: String) throws(RunError) -> (urls: [URL], remarks: [String]) {
    let isDirectory = FileManager.default.isDirectory(atPath: path)
    guard isDirectory == true else {
      let file = isDirectory == nil ? try ModelCatalog().file(named: path) : URL(filePath: path)
      guard let file else { throw .missingCheckpoint(path: path) }
      return ([file], [])
    }
    let (files, remarks) = RunDirectory(path).checkpointsOfModel { try summary(of: $0).position }
    // A folder that is no run's, such as one of images, does not hide a model.
    if files.isEmpty, let file = try ModelCatalog().file(named: path) { return ([file], []) }
    return (files, remarks)
  }
}

extension Checkpoint.Summary {
  /// Where in its run the checkpoint was saved.
  var position: CheckpointPosition { progress.position(in: run) }
}

extension TrainingProgress {
  /// Where in a run this is.
  func position(in run: String?) -> CheckpointPosition {
    CheckpointPosition(run: run, epoch: epoch, step: step, bestEpoch: bestEpoch, isBest: isBest)
  }

  /// The progress in words.
  var place: String { position(in: nil).words }
}
