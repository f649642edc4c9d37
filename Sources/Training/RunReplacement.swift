import Foundation
import Safetensors

/// A run that takes another's place in a directory, which it does with its first checkpoint and not before.
///
/// Until then its files are in a directory of their own, `.replacement`. The first checkpoint joins them there, and the
/// directory takes the name `.replacing`: from that moment the old run's files are void. When they are removed it takes
/// the name `.arriving`, and its files move into place. A program that is killed in between leaves one of these names, which
/// says how to go on: ``recover()``.
struct RunReplacement: Sendable {
  private let run: URL
  /// Where the new run's files are until it has a checkpoint.
  let pending: URL
  /// The same, when the old run's files are void, and when they are gone.
  private let replacing: URL
  private let arriving: URL

  init(in run: URL) {
    self.run = run
    (pending, replacing, arriving) = (
      run.appending(path: ".replacement"), run.appending(path: ".replacing"), run.appending(path: ".arriving")
    )
  }

  /// Whether a new run has begun and has no checkpoint yet.
  var isPending: Bool { FileManager.default.fileExists(atPath: pending.path) }

  /// Where the new run's files are if it has a checkpoint and they are not in place.
  var arrived: URL? { [replacing, arriving].first { FileManager.default.fileExists(atPath: $0.path) } }

  /// Begins to keep the new run's files apart.
  ///
  /// - Throws: ``TrainingError/unwritable(path:reason:)``; ``SafetensorsError``
  func begin() throws {
    try makeDirectory(pending)
  }

  /// Replaces the old run: the new one has its first checkpoint.
  ///
  /// - Throws: ``TrainingError/unwritable(path:reason:)``; ``SafetensorsError``
  func complete() throws {
    try move(pending, to: replacing)
    try recover()
  }

  /// Finishes a replacement that was cut short, or undoes it where the new run had no checkpoint.
  ///
  /// - Throws: ``TrainingError/unwritable(path:reason:)``; ``SafetensorsError``
  func recover() throws {
    discard()
    if FileManager.default.fileExists(atPath: replacing.path) {
      try RunDirectory.removeFiles(in: run)
      try move(replacing, to: arriving)
    }
    guard FileManager.default.fileExists(atPath: arriving.path) else { return }
    for name in RunDirectory.files(in: arriving) {
      let target = run.appending(path: name)
      let folder = target.deletingLastPathComponent()
      if !FileManager.default.fileExists(atPath: folder.path) { try makeDirectory(folder) }
      try move(arriving.appending(path: name), to: target)
    }
    try RunDirectory.remove(arriving)
  }

  /// Forgets a new run that has no checkpoint.
  func discard() {
    guard isPending, DiskCall.remove.isOpen else { return }
    try? FileManager.default.removeItem(at: pending)
  }

  private func makeDirectory(_ directory: URL) throws {
    try DiskCall.makeDirectory.pass(directory.path)
    guard mkdir(directory.path, 0o777) == 0 else { throw unwritable(directory) }
  }

  private func move(_ source: URL, to target: URL) throws {
    try DiskCall.rename.pass(target.path)
    guard rename(source.path, target.path) == 0 else { throw unwritable(target) }
  }

  private func unwritable(_ url: URL) -> TrainingError {
    .unwritable(path: url.path, reason: String(cString: strerror(errno)))
  }
}
