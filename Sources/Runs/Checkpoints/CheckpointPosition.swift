import Files
import Foundation

/// Where in its run a checkpoint was saved, as its header says.
package struct CheckpointPosition: Sendable {
  /// The identifier of the run; nil where there is none.
  let run: String?
  let epoch: Int
  let step: Int
  /// The best epoch up to then; nil before the first.
  let bestEpoch: Int?
  /// Whether it was saved at the end of that epoch.
  let isBest: Bool

  package init(run: String?, epoch: Int, step: Int, bestEpoch: Int?, isBest: Bool) {
    (self.run, self.epoch, self.step) = (run, epoch, step)
    (self.bestEpoch, self.isBest) = (bestEpoch, isBest)
  }

  /// The position in words.
  package var words: String { "epoch \(epoch), step \(step)" }
}

extension RunDirectory {
  /// The checkpoints from which a model can be read, in the order of preference, judged by their headers; and remarks on the
  /// choice.
  ///
  /// - Parameter position: Reads a header.
  package func checkpointsOfModel(
    _ position: (URL) throws -> CheckpointPosition
  ) -> (files: [URL], remarks: [String]) {
    // A program that was killed may have left the files of a run in an intermediate place.
    let directory = holdsRun ? self : replacement.arrived.map { RunDirectory($0.path) } ?? self
    let both = [directory.best, directory.last].filter { FileManager.default.fileExists(atPath: $0.path) }
    guard let last = try? position(directory.last), let epoch = last.bestEpoch else { return (both, []) }
    let (lastName, name) = (Checkpoint.lastName, directory.best.relativePath)
    guard both.count == 2 else {
      return (
        both, last.isBest ? [] : ["\(name), of epoch \(epoch), is missing: using \(lastName), of \(last.words)"]
      )
    }
    guard let best = try? position(directory.best) else { return (both, []) }
    if let mine = best.run, let theirs = last.run, mine != theirs {
      return ([directory.last], ["\(name) is of another run than \(lastName): using \(lastName)"])
    }
    // The program was killed after it had written the last checkpoint, and before it linked it as the best.
    if last.isBest, best.epoch < epoch { return ([directory.last, directory.best], []) }
    return (both, [])
  }

  /// Checks that the run in the directory can be resumed from a checkpoint.
  ///
  /// - Parameters:
  ///   - file: The checkpoint.
  ///   - position: Where in its run it was saved.
  ///   - newest: The position of the last checkpoint where that is undamaged.
  /// - Throws: ``RunError/foreign(path:reason:)``
  package func requireOwn(
    _ file: URL, at position: CheckpointPosition, newest: () -> CheckpointPosition?
  ) throws(RunError) {
    func foreign(_ reason: String) -> RunError { .foreign(path: file.relativePath, reason: reason) }
    let name = file.lastPathComponent
    guard name == Checkpoint.lastName || name == Checkpoint.bestName else {
      throw foreign("a run goes on from its \(Checkpoint.lastName) or \(Checkpoint.bestName)")
    }
    if let run, let other = position.run, run != other {
      throw foreign("it is of another run than the directory's config.json")
    }
    if name == Checkpoint.bestName, let newest = newest(), newest.step > position.step {
      throw foreign(
        "it is of \(position.words), and what came after would be lost, up to \(newest.words). To go on from there, resume "
          + url.relativePath)
    }
  }

  /// Makes the best checkpoint agree with what the state that a run goes on from says about the best epoch.
  ///
  /// A program may have been killed after it had written the last checkpoint, and before it linked it as the best.
  ///
  /// - Parameters:
  ///   - state: The position of that state.
  ///   - position: Reads a header.
  /// - Returns: Remarks for the user.
  /// - Throws: `FileError`
  package func mendBest(
    _ state: CheckpointPosition, _ position: (URL) throws -> CheckpointPosition
  ) throws -> [String] {
    guard let epoch = state.bestEpoch, FileManager.default.fileExists(atPath: last.path) else { return [] }
    let found = try? position(best)
    let isSameRun = found?.run == nil || state.run == nil || found?.run == state.run
    // A best checkpoint of a later epoch belongs to a last checkpoint that was lost.
    if let found, found.epoch >= epoch, isSameRun { return [] }
    if state.isBest {
      try AtomicFile.link(last, to: best)
      return []
    }
    let condition =
      switch found {
      case nil: FileManager.default.fileExists(atPath: best.path) ? "damaged" : "missing"
      case let found?: isSameRun ? "of epoch \(found.epoch)" : "of another run"
      }
    return [
      "\(best.relativePath), which should be of epoch \(epoch), is \(condition); the next epoch with a better validation "
        + "bound writes it anew"
    ]
  }
}

extension Checkpoint {
  /// Reads the first undamaged of some files.
  ///
  /// - Parameters:
  ///   - files: The files, at least one.
  ///   - path: What they belong to.
  ///   - read: Reads a file.
  /// - Returns: What was read, its file, and what is wrong with the files before it.
  /// - Throws: What is wrong with the only file; ``RunError/invalidRun(path:reason:)`` with what is wrong with all; the first
  ///   error of another kind.
  package static func firstUndamaged<Value>(
    of files: [URL], at path: String, _ read: (URL) throws -> Value
  ) throws -> (Value, file: URL, failures: [String]) {
    var failures: [any Error] = []
    for file in files {
      do { return (try read(file), file, failures.map(words)) } catch  where isDamage(error) { failures.append(error) }
    }
    throw failures.count == 1 ? failures[0] : together(failures, path)
  }
}
