import Files
import Foundation
import VariationalAutoencoder

/// How a run is resumed.
public enum RunContinuation {
  /// From the state in a checkpoint.
  case state(VariationalAutoencoder, TrainingState)
  /// From the beginning, since the run has no checkpoint yet.
  case beginning(TrainingConfiguration)
}

extension RunDirectory {
  /// The run directory at a path, or that of the file at the path, and the file.
  ///
  /// - Throws: ``RunError/missingCheckpoint(path:)``
  public static func naming(_ path: String) throws(RunError) -> (directory: RunDirectory, file: URL?) {
    guard let isDirectory = FileManager.default.isDirectory(atPath: path) else {
      throw .missingCheckpoint(path: path)
    }
    if isDirectory { return (RunDirectory(path), nil) }
    let file = URL(filePath: path)
    let parent = file.deletingLastPathComponent().relativePath
    return (RunDirectory(parent.isEmpty ? "." : parent), file)
  }

  /// How the run in the directory is resumed. Cleans up what a killed process left. The directory must be locked.
  ///
  /// A run is resumed from its last checkpoint, or from the best one where the last is missing or damaged.
  ///
  /// - Parameters:
  ///   - file: A checkpoint in the directory to resume from; nil to choose one.
  ///   - memoryLimit: How much memory a checkpoint's contents may take.
  /// - Returns: The continuation, and remarks on the choice.
  /// - Throws: ``RunError/foreign(path:reason:)`` for a checkpoint that does not belong to the run;
  ///   ``RunError/missingCheckpoint(path:)``, ``RunError/lostCheckpoints(path:)``, and the errors of damaged
  ///   files.
  public func continuation(
    from file: URL? = nil, memoryLimit: MemoryLimit = .standard
  ) throws -> (RunContinuation, remarks: [String]) {
    try recover()
    let (continuation, remarks) = try newest(file, memoryLimit)
    guard case .state(_, let state) = continuation else { return (continuation, remarks) }
    let mended = try mendBest(state.progress.position(in: state.run)) { try Checkpoint.summary(of: $0).position }
    return (continuation, remarks + mended)
  }

  /// A state with which another run can begin: that of a file, or the newest in the directory.
  ///
  /// - Throws: As ``continuation(from:memoryLimit:)``.
  public func state(
    of file: URL? = nil, memoryLimit: MemoryLimit = .standard
  ) throws -> (VariationalAutoencoder, TrainingState, remarks: [String]) {
    if let file {
      let (model, state) = try readOffering(file, memoryLimit)
      return (model, state, [])
    }
    let (continuation, remarks) = try newest(nil, memoryLimit, isForAnother: true)
    guard case .state(let model, let state) = continuation else {
      throw RunError.missingCheckpoint(path: url.relativePath)
    }
    return (model, state, remarks)
  }

  private func readOffering(
    _ file: URL, _ memoryLimit: MemoryLimit
  ) throws -> (VariationalAutoencoder, TrainingState) {
    do { return try Checkpoint.read(file, includingOptimizer: true, memoryLimit: memoryLimit) } catch
      where Checkpoint.isDamage(error)
    {
      throw Checkpoint.offer(besides: file, error)
    }
  }

  private func newest(
    _ file: URL?, _ memoryLimit: MemoryLimit, isForAnother: Bool = false
  ) throws -> (RunContinuation, remarks: [String]) {
    if let file {
      let (model, state) = try readOffering(file, memoryLimit)
      try check(file, state)
      return (.state(model, state), [])
    }
    var damage: (any Error)?
    if FileManager.default.fileExists(atPath: last.path) {
      do {
        let (model, state) = try Checkpoint.read(last, includingOptimizer: true, memoryLimit: memoryLimit)
        if !isForAnother { try check(last, state) }
        return (.state(model, state), [])
      } catch  where Checkpoint.isDamage(error) { damage = error }
    }
    guard FileManager.default.fileExists(atPath: best.path) else {
      if let damage {
        throw Checkpoint.together([damage, RunError.missingCheckpoint(path: best.relativePath)], url.relativePath)
      }
      return (.beginning(try beginning()), ["\(url.relativePath) has no checkpoint yet: beginning with step 1"])
    }
    do {
      let (model, state) = try Checkpoint.read(best, includingOptimizer: true, memoryLimit: memoryLimit)
      if !isForAnother { try check(best, state) }
      let reason = damage.map { Checkpoint.words($0) } ?? "\(last.relativePath) is missing."
      return (.state(model, state), ["\(reason)\ngoing on from \(best.relativePath), of \(state.progress.place)"])
    } catch  where Checkpoint.isDamage(error) {
      throw damage.map { Checkpoint.together([$0, error], url.relativePath) } ?? error
    }
  }

  /// The configuration of a run that was killed before its first checkpoint.
  private func beginning() throws -> TrainingConfiguration {
    if hasLostCheckpoints { throw RunError.lostCheckpoints(path: url.relativePath) }
    guard let text = try? String(contentsOf: configuration, encoding: .utf8),
      let configuration = try? TrainingConfiguration(json: text)
    else { throw RunError.missingCheckpoint(path: url.relativePath) }
    return configuration
  }

  /// Checks that the run in the directory can be resumed from a checkpoint.
  private func check(_ file: URL, _ state: TrainingState) throws {
    try requireOwn(file, at: state.progress.position(in: state.run)) {
      (try? Checkpoint.read(last, includingOptimizer: false))?.state.progress.position(in: nil)
    }
    if state.run == nil, try Checkpoint.summary(of: file).role == .model {
      throw RunError.foreign(path: file.relativePath, reason: "it is an imported model, of no run")
    }
  }

  /// Puts into the state of one of the run's checkpoints where its images are now. `config.json` knows since the run last went
  /// on; the checkpoint may be older than their move.
  package func updatePlaceOfImages(in state: inout TrainingState) {
    guard let digest = state.configuration.dataDigest,
      let text = try? String(contentsOf: configuration, encoding: .utf8),
      let recorded = try? TrainingConfiguration(json: text), recorded.dataDigest == digest
    else { return }
    // Only one's own images are named by their place.
    let names = [recorded.dataset, state.configuration.dataset]
    guard names[0] == names[1] || names.allSatisfy({ $0.hasPrefix("/") }) else { return }
    (state.configuration.dataset, state.configuration.dataDirectory) = (recorded.dataset, recorded.dataDirectory)
  }
}
