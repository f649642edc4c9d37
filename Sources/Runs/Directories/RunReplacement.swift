import Files
import Foundation

/// The replacement of a run in a directory by a new one, which happens with the new run's first checkpoint, not before.
///
/// Until then, the new run's files are in a directory of their own, `.replacement`. When the first checkpoint is there
/// too, the directory is renamed to `.replacing`: from that moment, the old run's files are obsolete. Once they are
/// removed, the directory is renamed to `.arriving`, and its files are moved into place. A program that is killed in
/// between leaves a directory of one of these names, by which ``recover()`` knows how to proceed.
package struct RunReplacement: Sendable {
  private let run: URL
  /// The directory of the new run's files, until it has a checkpoint.
  let pending: URL
  /// The directory of the new run's files, once the old run's files are obsolete.
  private let replacing: URL
  /// The directory of the new run's files, once the old run's files are removed.
  private let arriving: URL

  init(in run: URL) {
    self.run = run
    (pending, replacing, arriving) = (
      run.appending(path: ".replacement"), run.appending(path: ".replacing"), run.appending(path: ".arriving")
    )
  }

  /// Whether a new run has begun and has no checkpoint yet.
  var isPending: Bool { FileManager.default.fileExists(atPath: pending.path) }

  /// The directory of the new run's files, if it has a checkpoint and they are not yet in place.
  var arrived: URL? { [replacing, arriving].first { FileManager.default.fileExists(atPath: $0.path) } }

  /// Begins to keep the new run's files separate.
  ///
  /// - Throws: ``RunError/unwritable(path:reason:)``; `FileError`
  func begin() throws {
    try makeDirectory(pending)
  }

  /// Replaces the old run, once the new one has its first checkpoint.
  ///
  /// - Throws: ``RunError/unwritable(path:reason:)``; `FileError`
  func complete() throws {
    try move(pending, to: replacing)
    try recover()
  }

  /// Finishes an interrupted replacement, or undoes it if the new run has no checkpoint.
  ///
  /// - Throws: ``RunError/unwritable(path:reason:)``; `FileError`
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

  /// Removes the files of a new run that has no checkpoint.
  package func discard() {
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

  private func unwritable(_ url: URL) -> RunError {
    .unwritable(path: url.path, reason: String(cString: strerror(errno)))
  }
}
