import Foundation

/// Writes files so that at every moment, also after a crash or a power cut, a reader finds the previous file or
/// the new one, whole.
///
/// The bytes go to a temporary name in the same directory, are synced to the disk, and the temporary name is
/// renamed; then the directory is synced. After a failure the temporary file is removed and the previous file
/// stays as it was. Only a process that is killed while writing leaves its temporary file: a hidden file whose
/// name ends in `.partial`, which ``removeLeftovers(in:of:)`` removes.
///
/// ```swift
/// try AtomicFile.write(to: URL(fileURLWithPath: "metrics.json")) { sink in
///   try sink.write(json)
/// }
/// ```
public enum AtomicFile {
  /// Where the body of ``AtomicFile/write(to:_:)`` puts its bytes, in order.
  ///
  /// Nothing is buffered: hand over large pieces.
  public final class Sink {
    private let file: OpenFile
    /// The bytes written so far.
    public private(set) var byteCount = 0

    fileprivate init(_ file: OpenFile) {
      self.file = file
    }

    /// Appends bytes.
    ///
    /// - Throws: ``SafetensorsError`` (`system`): the disk is full, or fails.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(SafetensorsError) {
      try DiskCall.write.pass(file.path)
      try file.write(bytes)
      byteCount += bytes.count
    }

    /// Appends bytes.
    ///
    /// - Throws: ``SafetensorsError`` (`system`): the disk is full, or fails.
    public func write(_ bytes: some ContiguousBytes) throws {
      try bytes.withUnsafeBytes { try write($0) }
    }
  }

  /// Replaces the file, or makes it, with what `body` writes; returns what `body` returns.
  ///
  /// A symbolic link at `url` is followed: what it names is replaced, or made, and the link stays. The directory must
  /// exist.
  ///
  /// - Throws: ``SafetensorsError`` (`system`; `notRegularFile` where a directory, device or pipe is there, `openFileName`
  ///   for a name like `/dev/stdout`), or what `body` throws, unchanged.
  @discardableResult
  public static func write<Result>(to url: URL, _ body: (Sink) throws -> Result) throws -> Result {
    let target = try Target(url)
    try DiskCall.create.pass(target.path)
    let descriptor = open(target.temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw SafetensorsError.system(target.path, "create a file in \(target.directory)", code: errno)
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

  /// Where a file written to `url` would go, symbolic links followed.
  ///
  /// - Throws: ``SafetensorsError`` (`notRegularFile`, `openFileName`, `system`) where ``write(to:_:)`` would refuse it.
  public static func place(of url: URL) throws(SafetensorsError) -> URL {
    URL(fileURLWithPath: try OutputPlace(url).path)
  }

  /// Makes `url` another name of the file `existing`, as it is now; replaces what `url` was.
  ///
  /// Writing `existing` anew through this type leaves `url` with the old contents: so `best` can name what `last`
  /// was. Where the file system has no hard links, the bytes are copied.
  ///
  /// - Throws: ``SafetensorsError`` (`missing`, `system`, `notRegularFile`).
  public static func link(_ existing: URL, to url: URL) throws {
    // Opened first, for its checks and for a copy of what the name means now.
    let source = try OpenFile(reading: existing.path)
    let target = try Target(url)
    try DiskCall.link.pass(target.path)
    guard linkat(AT_FDCWD, existing.path, AT_FDCWD, target.temporary, AT_SYMLINK_FOLLOW) == 0 else {
      switch errno {
      case EPERM, EXDEV, EMLINK, ENOTSUP, ENOSYS, EINVAL: return try copy(source, to: url)
      case let code: throw SafetensorsError.system(target.path, "link to \(existing.path)", code: code)
      }
    }
    // A rename between two names of one file does nothing and succeeds, and leaves the temporary name behind.
    defer { target.removeTemporary() }
    try target.publish()
  }

  /// The way of ``link(_:to:)`` where links are unsupported.
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

  /// Removes the temporary files that killed processes left of files to be in a directory.
  ///
  /// - Parameter isWanted: Whether the file of a name, of which temporary names keep the first 40 characters, is one of
  ///   those that no other process is writing.
  public static func removeLeftovers(in directory: URL, of isWanted: (String) -> Bool) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? [] {
      guard let stem = Target.stem(ofTemporary: name), isWanted(stem), DiskCall.remove.isOpen else { continue }
      unlink(directory.appending(path: name).path)
    }
  }

  /// A file to be, its directory, and the temporary name beside it.
  private struct Target {
    private static let suffix = ".partial"
    let path: String
    let directory: String
    let temporary: String

    init(_ url: URL) throws(SafetensorsError) {
      let place = try OutputPlace(url)
      (path, directory) = (place.path, place.directory)
      // File names end at 255 bytes; 40 characters of any script leave room for the rest.
      let stem = place.name.unicodeScalars.prefix(40).map(String.init).joined()
      let unique = String(UInt64.random(in: .min ... .max), radix: 36)
      temporary = directory + "/." + stem + "." + unique + Self.suffix
    }

    /// The first characters of the name of the file that a temporary name is for; nil for other names.
    static func stem(ofTemporary name: String) -> String? {
      guard name.hasPrefix("."), name.hasSuffix(suffix) else { return nil }
      let parts = name.dropFirst().dropLast(suffix.count)
      guard let dot = parts.lastIndex(of: "."), UInt64(parts[dot...].dropFirst(), radix: 36) != nil else { return nil }
      return String(parts[..<dot])
    }

    func removeTemporary() {
      if DiskCall.remove.isOpen { unlink(temporary) }
    }

    func publish() throws(SafetensorsError) {
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
