import Foundation
import ImageDatasets
import Safetensors
import TensorBoard
import VariationalAutoencoder

/// The directory of a run: checkpoints, `config.json`, `metrics.jsonl`, a picture of reconstructions each epoch,
/// TensorBoard's event files, and `evaluations.jsonl` where it was evaluated.
public struct RunDirectory: Sendable {
  public let url: URL

  public init(_ path: String) { url = URL(filePath: path, directoryHint: .isDirectory) }

  public var last: URL { url.appending(path: Checkpoint.lastName) }
  public var best: URL { url.appending(path: Checkpoint.bestName) }
  var configuration: URL { url.appending(path: "config.json") }
  var metrics: URL { url.appending(path: "metrics.jsonl") }
  var evaluations: URL { url.appending(path: "evaluations.jsonl") }
  static let picturePrefix = "reconstructions-"

  /// The picture of reconstructions after an epoch.
  func picture(epoch: Int) -> URL {
    let digits = String(epoch)
    let zeros = String(repeating: "0", count: max(0, 4 - digits.count))
    return url.appending(path: "\(Self.picturePrefix)\(zeros)\(digits).png")
  }

  /// Makes the directory and sees that it can be written, before any time is spent on training.
  ///
  /// - Parameter isReplacing: Whether a run that is there already is to be replaced.
  /// - Returns: The hold on the directory, for as long as the run goes.
  /// - Throws: ``TrainingError/occupied(path:)``, ``TrainingError/inUse(path:)``, ``TrainingError/unwritable(path:reason:)``
  @discardableResult public func create(isReplacing: Bool) throws(TrainingError) -> RunLock {
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    } catch {
      throw .unwritable(path: url.path, reason: Self.reason(error))
    }
    let lock = try lock()
    let held = [last, best, metrics].filter { FileManager.default.fileExists(atPath: $0.path) }
    guard held.isEmpty || isReplacing else { throw .occupied(path: url.path) }
    let probe = url.appending(path: ".ffjord-vae-\(ProcessInfo.processInfo.processIdentifier)")
    guard FileManager.default.createFile(atPath: probe.path, contents: nil) else {
      throw .unwritable(path: url.path, reason: "no file can be made in it")
    }
    try? FileManager.default.removeItem(at: probe)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
    let pictures = names.filter { $0.hasPrefix(Self.picturePrefix) && $0.hasSuffix(".png") }
    let results = [evaluations].filter { FileManager.default.fileExists(atPath: $0.path) }
    for file in held + (isReplacing ? pictures.map { url.appending(path: $0) } + results : []) {
      do { try FileManager.default.removeItem(at: file) } catch {
        throw .unwritable(path: file.path, reason: Self.reason(error))
      }
    }
    if isReplacing {
      do { try EventWriter.removeFiles(in: url) } catch {
        throw .unwritable(path: url.path, reason: Self.reason(error))
      }
    }
    return lock
  }

  /// Takes hold of the directory, so that no other process trains in it.
  ///
  /// - Throws: ``TrainingError/inUse(path:)``
  public func lock() throws(TrainingError) -> RunLock { try RunLock(url) }

  /// Saves a state as the last one, and as the best one if it is: then both names are one file.
  ///
  /// - Throws: ``SafetensorsError``
  public func save(_ state: TrainingState, isBest: Bool) throws {
    try Checkpoint.write(state, to: last)
    if isBest { try AtomicFile.link(last, to: best) }
  }

  /// Writes the configuration for people to read.
  ///
  /// - Throws: ``SafetensorsError``
  public func write(_ configuration: TrainingConfiguration) throws {
    let data = Data((try configuration.json(forPeople: true) + "\n").utf8)
    try AtomicFile.write(to: self.configuration) { try $0.write(data) }
  }

  /// Appends lines to the metrics.
  ///
  /// - Throws: ``TrainingError/unwritable(path:reason:)``
  public func append(_ records: [MetricsRecord]) throws { try append(lines: records, to: metrics) }

  /// Appends an evaluation to those of the run.
  ///
  /// - Throws: ``TrainingError/unwritable(path:reason:)``
  public func append(_ evaluation: EvaluationRecord) throws {
    try append(lines: [evaluation], to: evaluations)
  }

  private func append(lines records: [some Encodable], to file: URL) throws {
    let lines = try records.map { try Self.line($0) }.joined()
    if !FileManager.default.fileExists(atPath: file.path) {
      _ = FileManager.default.createFile(atPath: file.path, contents: nil)
    }
    do {
      let handle = try FileHandle(forWritingTo: file)
      defer { try? handle.close() }
      try handle.seekToEnd()
      try handle.write(contentsOf: Data(lines.utf8))
    } catch {
      throw TrainingError.unwritable(path: file.path, reason: Self.reason(error))
    }
  }

  /// Drops the metrics of steps after `step`, which a resumed run is going to take again.
  ///
  /// - Throws: ``SafetensorsError``
  public func rewindMetrics(to step: Int) throws {
    guard let text = try? String(contentsOf: metrics, encoding: .utf8) else { return }
    let decoder = JSONDecoder()
    let kept = text.split(separator: "\n").filter { line in
      guard let record = try? decoder.decode(MetricsRecord.self, from: Data(line.utf8)) else { return false }
      return record.step <= step
    }
    try AtomicFile.write(to: metrics) { sink in
      try sink.write(Data(kept.map { $0 + "\n" }.joined().utf8))
    }
  }

  private static func line(_ record: some Encodable) throws -> String {
    try record.json() + "\n"
  }

  static func reason(_ error: any Error) -> String {
    let system = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
    return (system ?? error as NSError).localizedDescription
  }
}
