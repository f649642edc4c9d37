import Foundation

/// Downloads the files of datasets, and verifies their checksums.
///
/// A file is downloaded under a temporary name beside its destination, and renamed once its checksum is verified, so
/// that the file at the destination is always whole.
///
/// ```swift
/// let description = try DatasetCatalog.description(named: "omniglot")
/// let fetcher = DatasetFetcher()
/// try await fetcher.fetch(description, into: DatasetLocator().downloadDirectory) { received, total in
///   print(received, total ?? 0)
/// }
/// ```
public struct DatasetFetcher: Sendable {
  /// Takes the number of bytes received so far, and the total where the server states it. Called on another thread.
  public typealias Progress = @Sendable (_ received: Int64, _ total: Int64?) -> Void

  /// How long to wait for a server that sends nothing, in seconds.
  public let timeout: Double

  /// A fetcher that waits `timeout` seconds for a server that sends nothing.
  public init(timeout: Double = 30) {
    precondition(timeout > 0, "DatasetFetcher: a timeout of \(timeout) seconds")
    self.timeout = timeout
  }

  /// Downloads the files of a dataset that are not there yet.
  ///
  /// Returns when all downloads are finished. A file that exists and is a known version is not downloaded again.
  /// Datasets that the package draws itself have no files.
  ///
  /// - Parameters:
  ///   - description: The dataset.
  ///   - directory: The folder of datasets; each file goes to the first of its relative paths there.
  ///   - isReplacing: Whether to replace an existing file that is not a known version.
  ///   - progress: Takes the progress of each file.
  /// - Returns: The places of the files.
  /// - Throws: ``DatasetError/downloadFailed(address:destination:reason:)``,
  ///   ``DatasetError/checksumMismatch(path:expected:found:)``, ``DatasetError/unwritable(path:reason:)``,
  ///   ``DatasetError/occupied(path:)`` unless replacing, ``DatasetError/nothingToFetch(path:)`` for the user's own images.
  @discardableResult
  public func fetch(
    _ description: DatasetDescription, into directory: URL, isReplacing: Bool = false,
    progress: Progress? = nil
  ) async throws(DatasetError) -> [URL] {
    if let path = description.ownPath { throw .nothingToFetch(path: path) }
    var urls = [URL]()
    for file in description.files {
      let destination = directory.appendingPathComponent(file.relativePaths[0], isDirectory: false)
      try await fetch(file, to: destination, isReplacing, progress)
      urls.append(destination)
    }
    return urls
  }

  /// Fetches one file from its address, which may be that of a file on this machine, and verifies its checksum.
  package func fetch(
    _ file: DatasetFile, to destination: URL, _ isReplacing: Bool, _ progress: Progress?
  ) async throws(DatasetError) {
    if FileManager.default.fileExists(atPath: destination.path) {
      if try file.identify(destination).form != nil { return }
      guard isReplacing else {
        throw .occupied(path: destination.path)
      }
    }
    let temporary = destination.deletingLastPathComponent().appendingPathComponent(
      ".\(destination.lastPathComponent).\(UUID().uuidString).partial", isDirectory: false)
    // After the file is renamed there is nothing left to remove, and the attempt does no harm.
    defer { try? FileManager.default.removeItem(at: temporary) }
    let target = try open(temporary, for: destination)
    if file.address.isFileURL {
      try copy(file.address, to: target, destination)
    } else {
      let download = Download(from: file.address, into: target, timeout: timeout, progress: progress)
      if let reason = await download.run() {
        throw .downloadFailed(
          address: file.address.absoluteString, destination: destination.path, reason: reason)
      }
    }
    let (form, found) = try file.identify(temporary)
    guard form != nil else {
      throw .checksumMismatch(
        path: destination.path, expected: file.knownForms.map(\.checksum), found: found)
    }
    guard rename(temporary.path, destination.path) == 0 else {
      throw .unwritable(path: destination.path, reason: String(cString: strerror(errno)))
    }
  }

  private func copy(_ source: URL, to target: FileHandle, _ destination: URL) throws(DatasetError) {
    func reading<T>(_ read: () throws -> T) throws(DatasetError) -> T {
      do { return try read() } catch { throw .unreadable(path: source.path, reason: error.plainReason) }
    }
    let file = try reading { try FileHandle(forReadingFrom: source) }
    defer { try? file.close() }
    while let piece = try reading({ try file.read(upToCount: 1 << 20) }), !piece.isEmpty {
      try writing(destination) { try target.write(contentsOf: piece) }
    }
    try writing(destination) {
      try target.synchronize()
      try target.close()
    }
  }

  private func open(_ temporary: URL, for destination: URL) throws(DatasetError) -> FileHandle {
    try writing(destination) {
      try FileManager.default.createDirectory(
        at: destination.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data().write(to: temporary)
      return try FileHandle(forWritingTo: temporary)
    }
  }

  /// The result of a step in writing a file, whose failure is reported for the file's destination.
  private func writing<T>(_ destination: URL, _ write: () throws -> T) throws(DatasetError) -> T {
    do { return try write() } catch { throw .unwritable(path: destination.path, reason: error.plainReason) }
  }
}
