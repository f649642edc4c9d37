import Files
import Foundation
import Runs

/// How the run of a density model in a directory is resumed, and what the directory says of it.
public enum DensityRun {
  /// From where a run goes on.
  public enum Continuation {
    /// From the state in a checkpoint.
    case state(DensityModel, DensityState)
    /// From the beginning, since the run has no checkpoint yet.
    case beginning(DensityConfiguration)
  }

  /// Whether the run in a directory trains a density model, as its configuration or a checkpoint says.
  public static func isOne(_ directory: RunDirectory) -> Bool {
    if let data = try? Data(contentsOf: directory.configuration) {
      return (try? JSONDecoder().decode(Kind.self, from: data))?.kind == DensityConfiguration.kind
    }
    return [directory.last, directory.best].contains { DensityCheckpoint.isOne($0) }
  }

  private struct Kind: Decodable {
    let kind: String
  }

  /// How the run in a directory is resumed: from its last checkpoint, or from the best one where the last is missing or
  /// damaged. Cleans up what a killed process left. The directory must be locked.
  ///
  /// - Parameters:
  ///   - directory: The directory.
  ///   - memoryLimit: How much memory a checkpoint's contents may take.
  /// - Returns: The continuation, and remarks on the choice.
  /// - Throws: `RunError.missingCheckpoint`, `RunError.lostCheckpoints`, `RunError.foreign`, and the errors of damaged
  ///   files.
  public static func continuation(
    in directory: RunDirectory, memoryLimit: MemoryLimit = .standard
  ) throws -> (Continuation, remarks: [String]) {
    try directory.recover()
    let files = [directory.last, directory.best].filter { FileManager.default.fileExists(atPath: $0.path) }
    guard !files.isEmpty else {
      if directory.hasLostCheckpoints { throw RunError.lostCheckpoints(path: directory.url.relativePath) }
      let configuration = try configuration(in: directory)
      return (.beginning(configuration), ["\(directory.url.relativePath) has no checkpoint yet: beginning with step 1"])
    }
    let (read, file, failures) = try firstUndamaged(files) {
      try DensityCheckpoint.read($0, includingOptimizer: true, memoryLimit: memoryLimit)
    }
    if let run = directory.run, let other = read.state.run, run != other {
      throw RunError.foreign(
        path: file.relativePath, reason: "it is of another run than the directory's config.json")
    }
    var remarks = failures.map { "\($0)" }
    if file != directory.last {
      remarks.append("going on from \(file.relativePath), of step \(read.state.progress.step)")
    } else if read.state.progress.isBest,
      (try? DensityCheckpoint.header(of: directory.best))?.progress.epoch != read.state.progress.epoch
    {
      // The program was killed after it had written the last checkpoint, and before it linked it as the best.
      try AtomicFile.link(directory.last, to: directory.best)
    }
    return (.state(read.model, read.state), remarks)
  }

  /// The model at a path: a checkpoint, or the best, else the last, of a run's directory.
  ///
  /// - Throws: `RunError.missingCheckpoint`, and the errors of damaged files.
  public static func model(
    at path: String, memoryLimit: MemoryLimit = .standard
  ) throws -> (model: DensityModel, state: DensityState, directory: RunDirectory?, remarks: [String]) {
    let (directory, file) = try RunDirectory.naming(path)
    let files =
      file.map { [$0] } ?? [directory.best, directory.last].filter { FileManager.default.fileExists(atPath: $0.path) }
    guard !files.isEmpty else { throw RunError.missingCheckpoint(path: path) }
    let (read, used, failures) = try firstUndamaged(files) {
      try DensityCheckpoint.read($0, includingOptimizer: false, memoryLimit: memoryLimit)
    }
    var remarks = failures.map { "\($0)" }
    if !failures.isEmpty { remarks.append("using \(used.relativePath), of step \(read.state.progress.step)") }
    return (read.model, read.state, file == nil ? directory : nil, remarks)
  }

  /// What a closure reads of the first file that is not damaged, and what is wrong with those before it.
  private static func firstUndamaged<Value>(
    _ files: [URL], _ read: (URL) throws -> Value
  ) throws -> (Value, URL, failures: [any Error]) {
    var failures: [any Error] = []
    for file in files {
      do { return (try read(file), file, failures) } catch {
        guard Checkpoint.isDamage(error), file != files.last else { throw error }
        failures.append(error)
      }
    }
    throw failures[0]
  }

  /// The configuration in a directory's `config.json`.
  ///
  /// - Throws: `RunError.missingRun`, `RunError.invalidRun`
  static func configuration(in directory: RunDirectory) throws(RunError) -> DensityConfiguration {
    let file = directory.configuration
    guard let data = try? Data(contentsOf: file) else {
      throw .missingRun(
        path: directory.url.relativePath, reason: "the directory has neither config.json nor a checkpoint")
    }
    let configuration: DensityConfiguration
    do { configuration = try JSONDecoder().decode(DensityConfiguration.self, from: data) } catch {
      throw .invalidRun(path: file.relativePath, reason: "it is no configuration of a density model's run")
    }
    do { try configuration.validate() } catch {
      throw .invalidRun(path: file.relativePath, reason: error.description)
    }
    return configuration
  }
}
