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
    if let data = try? Data(contentsOf: directory.configuration),
      let configuration = try? JSONDecoder().decode(Kind.self, from: data)
    {
      return configuration.kind == DensityConfiguration.kind
    }
    return [directory.last, directory.best].contains { DensityCheckpoint.isOne($0) }
  }

  /// A configuration's kind, which those of autoencoders lack.
  private struct Kind: Decodable {
    let kind: String?
  }

  /// How the run in a directory is resumed: from its last checkpoint, or from the best one where the last is missing or
  /// damaged. Cleans up what a killed process left. The directory must be locked.
  ///
  /// - Parameters:
  ///   - directory: The directory.
  ///   - file: A checkpoint in the directory to resume from; nil to choose one.
  ///   - memoryLimit: How much memory a checkpoint's contents may take.
  /// - Returns: The continuation, and remarks on the choice.
  /// - Throws: `RunError.missingCheckpoint`, `RunError.lostCheckpoints`, `RunError.foreign`, and the errors of damaged
  ///   files.
  public static func continuation(
    in directory: RunDirectory, from file: URL? = nil, memoryLimit: MemoryLimit = .standard
  ) throws -> (Continuation, remarks: [String]) {
    try directory.recover()
    let files =
      file.map { [$0] } ?? [directory.last, directory.best].filter { FileManager.default.fileExists(atPath: $0.path) }
    guard !files.isEmpty else {
      if directory.hasLostCheckpoints { throw RunError.lostCheckpoints(path: directory.url.relativePath) }
      let configuration = try configuration(in: directory)
      return (.beginning(configuration), ["\(directory.url.relativePath) has no checkpoint yet: beginning with step 1"])
    }
    let (read, used, failures) = try Checkpoint.firstUndamaged(of: files, at: directory.url.relativePath) {
      try DensityCheckpoint.read($0, includingOptimizer: true, memoryLimit: memoryLimit)
    }
    let position = read.state.progress.position(in: read.state.run)
    try directory.requireOwn(used, at: position) {
      (try? DensityCheckpoint.read(directory.last, includingOptimizer: false))?.state.progress.position(in: nil)
    }
    var remarks = failures
    if file == nil, used != directory.last {
      if failures.isEmpty { remarks.append("\(directory.last.relativePath) is missing") }
      remarks.append("going on from \(used.relativePath), of \(position.words)")
    }
    remarks += try directory.mendBest(position) { try DensityCheckpoint.header(of: $0).position }
    return (.state(read.model, read.state), remarks)
  }

  /// The model at a path: a checkpoint, or the best, else the last, of a run's directory.
  ///
  /// - Throws: `RunError.missingCheckpoint`, and the errors of damaged files.
  public static func model(
    at path: String, memoryLimit: MemoryLimit = .standard
  ) throws -> (model: DensityModel, state: DensityState, directory: RunDirectory?, remarks: [String]) {
    let (read, directory, remarks) = try reading(path) { file in
      let read = try DensityCheckpoint.read(file, includingOptimizer: false, memoryLimit: memoryLimit)
      return (read, read.state.progress)
    }
    return (read.model, read.state, directory, remarks)
  }

  /// The description of the checkpoint that ``model(at:memoryLimit:)`` reads.
  ///
  /// - Throws: `RunError.missingCheckpoint`, and the errors of damaged files.
  public static func summary(
    at path: String, memoryLimit: MemoryLimit = .standard
  ) throws -> (DensityCheckpoint.Summary, remarks: [String]) {
    let (summary, _, remarks) = try reading(path) { file in
      let summary = try DensityCheckpoint.summary(of: file, memoryLimit: memoryLimit)
      return (summary, summary.progress)
    }
    return (summary, remarks)
  }

  /// Whether a path is that of a density model: of a checkpoint, or of a run's directory.
  public static func isModel(at path: String) -> Bool {
    guard let (directory, file) = try? RunDirectory.naming(path) else { return false }
    return file.map { DensityCheckpoint.isOne($0) } ?? isOne(directory)
  }

  /// What is read, with the run's progress, of the first checkpoint at a path that is not damaged; and the directory, if that
  /// is what the path names.
  private static func reading<Value>(
    _ path: String, _ read: (URL) throws -> (Value, DensityProgress)
  ) throws -> (Value, RunDirectory?, remarks: [String]) {
    let (directory, file) = try RunDirectory.naming(path)
    var (files, remarks) = directory.checkpointsOfModel { try DensityCheckpoint.header(of: $0).position }
    if let file { (files, remarks) = ([file], []) }
    guard !files.isEmpty else { throw RunError.missingCheckpoint(path: path) }
    let ((value, progress), used, failures) = try Checkpoint.firstUndamaged(of: files, at: path, read)
    remarks += failures
    if !failures.isEmpty {
      remarks.append("using \(used.relativePath), of \(progress.position(in: nil).words)")
    }
    return (value, file == nil ? directory : nil, remarks)
  }

  /// The configuration in a directory's `config.json`.
  ///
  /// - Throws: `RunError.missingRun`, `RunError.unreadable`, `RunError.invalidRun`
  static func configuration(in directory: RunDirectory) throws(RunError) -> DensityConfiguration {
    let file = directory.configuration
    guard let data = try Data(ifPresent: file) else {
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
