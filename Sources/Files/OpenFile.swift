import Foundation

/// An open file descriptor that closes itself, and system calls on it with typed errors.
///
/// Reads are given an offset, so that threads may share a file.
package final class OpenFile: Sendable {
  /// The largest count that one `read` or `write` takes on Linux is a little under 2 GiB.
  private static let maximumTransfer = 1 << 30

  package let path: String
  private let descriptor: Int32

  /// Takes over an open descriptor.
  package init(path: String, descriptor: Int32) {
    self.path = path
    self.descriptor = descriptor
  }

  /// Opens a regular file for reading.
  package convenience init(reading path: String) throws(FileError) {
    // Without O_NONBLOCK, opening a pipe would wait for its writer; for a regular file the flag has no effect.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    if descriptor < 0 {
      let code = errno
      if code == ENOENT || code == ENOTDIR { throw FileError(path: path, problem: .missing) }
      throw .system(path, "open the file for reading", code: code)
    }
    self.init(path: path, descriptor: descriptor)
    guard try status().st_mode & S_IFMT == S_IFREG else {
      throw FileError(path: path, problem: .notRegularFile)
    }
  }

  deinit {
    close(descriptor)
  }

  /// The file's length at this moment.
  package func byteCount() throws(FileError) -> Int {
    Int(try status().st_size)
  }

  /// Reads until the buffer is full or the file ends; returns the number of bytes read.
  package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Int {
    var done = 0
    while done < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      let wanted = min(rest.count, Self.maximumTransfer)
      let count = pread(descriptor, rest.baseAddress, wanted, off_t(offset + done))
      if count < 0 {
        let code = errno
        if code == EINTR { continue }
        throw .system(path, "read at byte \(offset + done)", code: code)
      }
      if count == 0 { break }
      done += count
    }
    return done
  }

  /// Appends bytes.
  package func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    var done = 0
    while done < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
      let count = Foundation.write(descriptor, rest.baseAddress, min(rest.count, Self.maximumTransfer))
      if count < 0 {
        let code = errno
        if code == EINTR { continue }
        throw .system(path, "write the file", code: code)
      }
      done += count
    }
  }

  /// Waits until the bytes are on the disk.
  package func synchronize() throws(FileError) {
    #if canImport(Darwin)
      // There, fsync leaves the bytes in the drive's own cache.
      if fcntl(descriptor, F_FULLFSYNC) == 0 { return }
    #endif
    guard fsync(descriptor) != 0 else { return }
    let code = errno
    // Some file systems report that they cannot sync a directory; their renames are as safe as they get.
    if code == EINVAL || code == ENOTSUP { return }
    throw .system(path, "sync the file to the disk", code: code)
  }

  private func status() throws(FileError) -> stat {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw .system(path, "read the file's properties", code: errno)
    }
    return status
  }
}
