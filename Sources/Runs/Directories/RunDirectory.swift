import Files
import Foundation
import ImageDatasets
import VariationalAutoencoder

/// The directory of a run.
///
/// It holds checkpoints, `config.json`, `metrics.jsonl`, a picture of reconstructions for each epoch, TensorBoard's
/// event files, also in the folders `train` and `validation`, and `evaluations.jsonl` if the run was evaluated.
public struct RunDirectory: Sendable {
  /// The directory.
  public let url: URL

  /// The directory at a path, which need not exist.
  public init(_ path: String) { url = URL(filePath: path, directoryHint: .isDirectory) }

  /// The checkpoint with the newest state.
  public var last: URL { url.appending(path: Checkpoint.lastName) }
  /// The checkpoint with the best validation bound.
  public var best: URL { url.appending(path: Checkpoint.bestName) }
  package var configuration: URL { url.appending(path: Self.configurationName) }
  var metrics: URL { url.appending(path: Self.metricsName) }
  var evaluations: URL { url.appending(path: Self.evaluationsName) }
  package var replacement: RunReplacement { RunReplacement(in: url) }
  private static let configurationName = "config.json"
  private static let metricsName = "metrics.jsonl"
  private static let evaluationsName = "evaluations.jsonl"
  static let picturePrefix = "reconstructions-"

  /// The directory that training writes to: a separate one while the run is to replace another and has no checkpoint.
  package var place: URL { replacement.isPending ? replacement.pending : url }

  /// The relative paths of the run's files in a directory, which may hold other files.
  static func files(in directory: URL) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
    return names.sorted().filter { name in
      [Checkpoint.lastName, Checkpoint.bestName, configurationName, metricsName, evaluationsName].contains(name)
        || isPicture(name)
    } + EventFiles.names(in: directory)
  }

  private static func isPicture(_ name: String) -> Bool { name.hasPrefix(picturePrefix) && name.hasSuffix(".png") }

  /// The picture of reconstructions after an epoch.
  package func picture(epoch: Int) -> URL {
    let digits = String(epoch)
    let zeros = String(repeating: "0", count: max(0, 4 - digits.count))
    return url.appending(path: "\(Self.picturePrefix)\(zeros)\(digits).png")
  }

  /// Creates the directory, locks it, and checks that it can be written, before any time is spent on training.
  ///
  /// The files of a run that was killed before its first checkpoint are removed.
  ///
  /// - Parameters:
  ///   - isReplacing: Whether to replace an existing run, which happens when the new one has its first checkpoint.
  ///   - isApart: Whether to keep the new run's files separate until then, even if there is no run to replace.
  /// - Returns: The lock, to be kept for the duration of the run.
  /// - Throws: ``RunError/occupied(path:)``, ``RunError/inUse(path:)``,
  ///   ``RunError/unwritable(path:reason:)``, ``RunError/lostCheckpoints(path:)``; `FileError`
  @discardableResult public func create(isReplacing: Bool, isApart: Bool = false) throws -> RunLock {
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    } catch {
      throw RunError.unwritable(path: url.path, reason: Self.reasonForNoDirectory(at: url) ?? Self.reason(error))
    }
    let lock = try lock()
    try recover()
    if !isReplacing {
      if holdsRun { throw RunError.occupied(path: url.path) }
      if hasLostCheckpoints { throw RunError.lostCheckpoints(path: url.path) }
    }
    guard access(url.path, W_OK | X_OK) == 0 else {
      throw RunError.unwritable(path: url.path, reason: String(cString: strerror(errno)))
    }
    if isApart || holdsRun || hasLostCheckpoints {
      try replacement.begin()
    } else if FileManager.default.fileExists(atPath: metrics.path) {
      try Self.removeFiles(in: url)
    }
    return lock
  }

  /// Cleans up what a killed process left: an interrupted replacement, and temporary files. No other process may be
  /// training in the directory.
  ///
  /// - Throws: ``RunError/unwritable(path:reason:)``; `FileError`
  package func recover() throws {
    try replacement.recover()
    AtomicFile.removeLeftovers(in: url) { name in
      [Checkpoint.lastName, Checkpoint.bestName, Self.configurationName, Self.metricsName].contains(name)
        || Self.isPicture(name)
    }
  }

  /// Whether the directory has a checkpoint.
  public var holdsRun: Bool { [last, best].contains { FileManager.default.fileExists(atPath: $0.path) } }

  /// Whether the directory has no checkpoint, but metrics beyond the first epoch: there was a checkpoint at the end of
  /// the first epoch at the latest.
  package var hasLostCheckpoints: Bool {
    guard !holdsRun, let data = try? Data(contentsOf: metrics) else { return false }
    return !JSONLines.lines(of: data) { (record: Progress) in record.epoch > 1 }.isEmpty
  }

  /// Locks the directory, so that no other process trains in it.
  ///
  /// - Throws: ``RunError/inUse(path:)``
  public func lock() throws(RunError) -> RunLock { try RunLock(url) }

  /// Saves a state as the last checkpoint, and links it as the best one if it is. A run that is to replace another
  /// does so here.
  ///
  /// If the program is killed before the link is made, the last checkpoint still says which epoch is the best, and
  /// ``continuation(from:memoryLimit:)`` makes the link.
  ///
  /// - Parameters:
  ///   - state: The state.
  ///   - isBest: Whether its validation bound is the best so far.
  /// - Throws: `SafetensorsError`; ``RunError/unwritable(path:reason:)``
  public func save(_ state: TrainingState, isBest: Bool) throws {
    try save(state, isBest: isBest, collecting: nil)
  }

  /// Saves a state of which other ranks may have rows.
  package func save(_ state: TrainingState, isBest: Bool, collecting collector: Checkpoint.RowCollector?) throws {
    try save(isBest: isBest) { _ = try Checkpoint.write(state, to: $0, collecting: collector) }
  }

  /// Saves the last checkpoint, which a closure writes to a file, and links it as the best one if it is.
  package func save(isBest: Bool, writing write: (_ file: URL) throws -> Void) throws {
    let isReplacing = replacement.isPending
    let last = place.appending(path: Checkpoint.lastName)
    try write(last)
    if isBest { try AtomicFile.link(last, to: place.appending(path: Checkpoint.bestName)) }
    if isReplacing { try replacement.complete() }
  }

  /// Writes `config.json`: the configuration, and the run's identifier.
  ///
  /// - Throws: `FileError`
  public func write(_ configuration: TrainingConfiguration, run: String? = nil) throws {
    try write(anyConfiguration: configuration, run: run)
  }

  /// Writes `config.json` for a run of any kind.
  package func write(anyConfiguration configuration: some Encodable, run: String?) throws {
    let record = ConfigurationRecord(configuration: configuration, run: run)
    let data = Data((try record.json(forPeople: true) + "\n").utf8)
    try AtomicFile.write(to: place.appending(path: Self.configurationName)) { try $0.write(data) }
  }

  /// The contents of `config.json`.
  private struct ConfigurationRecord<Configuration: Encodable>: Encodable {
    let configuration: Configuration
    let run: String?

    func encode(to encoder: any Swift.Encoder) throws {
      try configuration.encode(to: encoder)
      var values = encoder.container(keyedBy: RunKey.self)
      try values.encodeIfPresent(run, forKey: .run)
    }
  }

  private enum RunKey: String, CodingKey {
    case run
  }

  /// What a line of `metrics.jsonl` says of a run of any kind.
  private struct Progress: Decodable {
    let step: Int
    let epoch: Int
  }

  /// The identifier of the run in `config.json`; nil where there is none.
  package var run: String? {
    struct Identity: Decodable {
      let run: String?
    }
    return (try? Data(contentsOf: configuration)).flatMap { try? JSONDecoder().decode(Identity.self, from: $0).run }
  }

  /// Appends lines to `metrics.jsonl`.
  ///
  /// - Throws: ``RunError/unwritable(path:reason:)``
  public func append(_ records: [MetricsRecord]) throws { try append(anyRecords: records) }

  /// Appends lines to `metrics.jsonl` for a run of any kind.
  package func append(anyRecords records: [some Encodable]) throws {
    try JSONLines.append(records, to: place.appending(path: Self.metricsName))
  }

  /// Appends a line to `evaluations.jsonl`.
  ///
  /// - Throws: ``RunError/unwritable(path:reason:)``
  public func append(_ evaluation: EvaluationRecord) throws { try append(anyEvaluation: evaluation) }

  /// Appends a line to `evaluations.jsonl` for a run of any kind.
  package func append(anyEvaluation evaluation: some Encodable) throws {
    try JSONLines.append([evaluation], to: evaluations)
  }

  /// The lines of `metrics.jsonl` of a run of any kind, without those of steps.
  package func metricsOfEpochs<Record: Decodable>(onDamage: (any Error) throws -> Void) throws -> [Record] {
    try JSONLines.read(metrics, skipping: #""split":"step""#, onDamage: onDamage)
  }

  /// The lines of `evaluations.jsonl` of a run of any kind.
  package func evaluations<Record: Decodable>(onDamage: (any Error) throws -> Void) throws -> [Record] {
    try JSONLines.read(evaluations, onDamage: onDamage)
  }

  /// Removes from `metrics.jsonl` the records of steps after `step`, which a resumed run takes again, and damaged
  /// lines.
  ///
  /// - Throws: `FileError`
  public func rewindMetrics(to step: Int) throws {
    let metrics = place.appending(path: Self.metricsName)
    guard let data = try? Data(contentsOf: metrics) else { return }
    let kept = JSONLines.lines(of: data) { (record: Progress) in record.step <= step }
    try AtomicFile.write(to: metrics) { sink in
      try sink.write(Data(kept.map { $0 + Data("\n".utf8) }.joined()))
    }
  }

  /// Why a directory cannot be made, as the system says it; nil where it can.
  private static func reasonForNoDirectory(at url: URL) -> String? {
    var existing = url.standardizedFileURL
    while !FileManager.default.fileExists(atPath: existing.path), existing.pathComponents.count > 1 {
      existing.deleteLastPathComponent()
    }
    if FileManager.default.isDirectory(atPath: existing.path) == false {
      return "\(existing.path) is a file, and a directory is needed"
    }
    return access(existing.path, W_OK | X_OK) == 0 ? nil : "\(existing.path): \(String(cString: strerror(errno)))"
  }

  static func reason(_ error: any Error) -> String {
    let system = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
    return (system ?? error as NSError).localizedDescription
  }
}
