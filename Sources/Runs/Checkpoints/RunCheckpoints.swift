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
    var (files, remarks) = try files(at: path)
    guard let first = files.first else { throw RunError.missingCheckpoint(path: path) }
    var failures: [any Error] = []
    for file in files {
      do {
        let value = try read(file)
        remarks += failures.map(words)
        if !failures.isEmpty {
          remarks.append("using \(file.relativePath), of \(try summary(of: file).progress.place)")
        }
        return (value, file, remarks)
      } catch  where isDamage(error) { failures.append(error) }
    }
    throw failures.count == 1 ? offer(besides: first, failures[0]) : together(failures, path)
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
    let run = RunDirectory(path)
    func found(_ file: URL) -> Bool { FileManager.default.fileExists(atPath: file.path) }
    // A program that was killed may have left the files of a run in an intermediate place.
    let directory =
      found(run.last) || found(run.best) ? run : run.replacement.arrived.map { RunDirectory($0.path) } ?? run
    let both = [directory.best, directory.last].filter(found)
    // A folder that is no run's, such as one of images, does not hide a model.
    if both.isEmpty, let file = try ModelCatalog().file(named: path) { return ([file], []) }
    guard let last = try? summary(of: directory.last), let epoch = last.progress.bestEpoch else { return (both, []) }
    let name = directory.best.relativePath
    guard both.count == 2 else {
      return (
        both,
        last.progress.isBest
          ? [] : ["\(name), of epoch \(epoch), is missing: using \(lastName), of \(last.progress.place)"]
      )
    }
    guard let best = try? summary(of: directory.best) else { return (both, []) }
    if let mine = best.run, let theirs = last.run, mine != theirs {
      return ([directory.last], ["\(name) is of another run than \(lastName): using \(lastName)"])
    }
    // The program was killed after it had written the last checkpoint, and before it linked it as the best.
    if last.progress.isBest, best.progress.epoch < epoch { return ([directory.last, directory.best], []) }
    return (both, [])
  }
}

extension TrainingProgress {
  /// The progress in words.
  var place: String { "epoch \(epoch), step \(step)" }
}
