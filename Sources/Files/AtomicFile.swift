import Foundation

/// Writes files atomically: at every moment, even after a crash or a power cut, a reader finds either the whole
/// previous file or the whole new one.
///
/// The bytes are written to a temporary file in the same directory and synced to the disk; the file is then renamed,
/// and the directory synced. After a failure the temporary file is removed, and the previous file is unchanged. Only a
/// process that is killed while writing leaves its temporary file behind: a hidden file whose name ends in `.partial`,
/// which ``removeLeftovers(in:of:)`` removes.
///
/// ```swift
/// try AtomicFile.write(to: URL(fileURLWithPath: "metrics.json")) { sink in
///   try sink.write(json)
/// }
/// ```
public enum AtomicFile {
  /// The file that the body of ``AtomicFile/write(to:_:)`` appends its bytes to.
  ///
  /// Nothing is buffered, so write large pieces.
  public final class Sink {
    private let file: OpenFile
    /// The bytes written so far.
    public private(set) var byteCount = 0

    fileprivate init(_ file: OpenFile) {
      self.file = file
    }

    /// Appends bytes.
    ///
    /// - Throws: ``FileError`` (`system`): the disk is full, or fails.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
      try DiskCall.write.pass(file.path)
      try file.write(bytes)
      byteCount += bytes.count
    }

    /// Appends bytes.
    ///
    /// - Throws: ``FileError`` (`system`): the disk is full, or fails.
    public func write(_ bytes: some ContiguousBytes) throws {
      try bytes.withUnsafeBytes { try write($0) }
    }
  }

  /// Creates a file, or replaces it, with the bytes that `body` writes.
  ///
  /// A symbolic link at `url` is followed: its target is created or replaced, and the link stays. The directory must
  /// exist.
  ///
  /// - Returns: What `body` returns.
  /// - Throws: ``FileError``: `notRegularFile` where there is a directory, a device or a pipe, `openFileName`
  ///   for a name like `/dev/stdout`, `system` otherwise; or what `body` throws, unchanged.
  @discardableResult
  public static func write<Result>(to url: URL, _ body: (Sink) throws -> Result) throws -> Result {
    let target = try Target(url)
    try DiskCall.create.pass(target.path)
    let descriptor = open(target.temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw FileError.system(target.path, "create a file in \(target.directory)", code: errno)
    }
    do {
      let file = OpenFile(path: target.path, descriptor: descriptor)
      let result = try body(Sink(file))
      try DiskCall.synchronize.pass(target.path)
      try file.synchronize()
      try target.publish()
      return result
    } catch {
      target.removeTemporary()
      throw error
    }
  }

  /// Where a file written to `url` would be placed, after following symbolic links.
  ///
  /// - Throws: ``FileError`` (`notRegularFile`, `openFileName`, `system`) where ``write(to:_:)`` would refuse it.
  public static func place(of url: URL) throws(FileError) -> URL {
    URL(fileURLWithPath: try OutputPlace(url).path)
  }

  /// Makes `url` another name (a hard link) of the file `existing`, and atomically replaces a file that is there.
  ///
  /// Writing `existing` again with this type does not change `url`, which keeps the contents that `existing` has now.
  /// Where the file system has no hard links, the bytes are copied.
  ///
  /// - Throws: ``FileError`` (`missing`, `system`, `notRegularFile`).
  public static func link(_ existing: URL, to url: URL) throws {
    // Opened first, for its checks, and so that a copy would be of the file that has the name now.
    let source = try OpenFile(reading: existing.path)
    let target = try Target(url)
    try DiskCall.link.pass(target.path)
    guard linkat(AT_FDCWD, existing.path, AT_FDCWD, target.temporary, AT_SYMLINK_FOLLOW) == 0 else {
      switch errno {
      case EPERM, EXDEV, EMLINK, ENOTSUP, ENOSYS, EINVAL: return try copy(source, to: url)
      case let code: throw FileError.system(target.path, "link to \(existing.path)", code: code)
      }
    }
    // A rename between two names of one file does nothing and succeeds, and leaves the temporary name behind.
    defer { target.removeTemporary() }
    try target.publish()
  }

  /// What ``link(_:to:)`` does where hard links are not supported.
  static func copy(_ source: OpenFile, to url: URL) throws {
    try write(to: url) { sink in
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
      defer { buffer.deallocate() }
      while true {
        let count = try source.read(into: buffer, at: sink.byteCount)
        if count == 0 { return }
        try sink.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      }
    }
  }

  /// Removes the temporary files that killed processes left in a directory.
  ///
  /// - Parameters:
  ///   - directory: The directory.
  ///   - isWanted: Whether to remove the temporary files of a file, given the first 40 characters of its name. No other
  ///     process may be writing it.
  public static func removeLeftovers(in directory: URL, of isWanted: (String) -> Bool) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? [] {
      guard let stem = Target.stem(ofTemporary: name), isWanted(stem), DiskCall.remove.isOpen else { continue }
      unlink(directory.appending(path: name).path)
    }
  }

  /// The file to be written, its directory, and its temporary name there.
  private struct Target {
    private static let suffix = ".partial"
    let path: String
    let directory: String
    let temporary: String

    init(_ url: URL) throws(FileError) {
      let place = try OutputPlace(url)
      (path, directory) = (place.path, place.directory)
      // A file name has at most 255 bytes; 40 characters of any script leave room for the rest.
      let stem = place.name.unicodeScalars.prefix(40).map(String.init).joined()
      let unique = String(UInt64.random(in: .min ... .max), radix: 36)
      temporary = directory + "/." + stem + "." + unique + Self.suffix
    }

    /// The first characters of the name of the file that a temporary file is for; nil for a file that is not temporary.
    static func stem(ofTemporary name: String) -> String? {
      guard name.hasPrefix("."), name.hasSuffix(suffix) else { return nil }
      let parts = name.dropFirst().dropLast(suffix.count)
      guard let dot = parts.lastIndex(of: "."), UInt64(parts[dot...].dropFirst(), radix: 36) != nil else { return nil }
      return String(parts[..<dot])
    }

    func removeTemporary() {
      if DiskCall.remove.isOpen { unlink(temporary) }
    }

    func publish() throws(FileError) {
      try DiskCall.rename.pass(path)
      guard rename(temporary, path) == 0 else {
        throw .system(path, "rename the finished file", code: errno)
      }
      let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      // A directory may allow writing without allowing reading; then there is no way to sync it.
      guard descriptor >= 0 else { return }
      try DiskCall.synchronize.pass(path)
      try OpenFile(path: directory, descriptor: descriptor).synchronize()
    }
  }
}
