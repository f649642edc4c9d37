/// The uncompressed bytes of a file, from its first to its last, once.
protocol ByteSource: AnyObject {
  /// The bytes that there are in all, where the file says so beforehand.
  var byteCount: Int? { get }
  /// How far growing memory may trust `byteCount`: true if those bytes are known to be on the disk.
  var isByteCountCertain: Bool { get }
  /// Fills the buffer; returns the bytes read, fewer only where the bytes end.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(SafetensorsError) -> Int
  /// Passes over bytes without keeping them; returns their number, fewer only where the bytes end.
  func skip(_ count: Int) throws(SafetensorsError) -> Int
  /// Checks, after the last byte wanted, that nothing follows and that the checksum, if any, is right.
  func finish() throws(SafetensorsError)
}

/// The bytes of a plain file from an offset on.
final class PlainSource: ByteSource {
  private let file: OpenFile
  private var offset: Int
  let byteCount: Int?
  var isByteCountCertain: Bool { true }

  init(_ file: OpenFile, from offset: Int = 0) throws(SafetensorsError) {
    self.file = file
    self.offset = offset
    byteCount = try file.byteCount()
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(SafetensorsError) -> Int {
    let count = try file.read(into: buffer, at: offset)
    offset += count
    return count
  }

  func skip(_ count: Int) throws(SafetensorsError) -> Int {
    let passed = min(count, max(0, try file.byteCount() - offset))
    offset += passed
    return passed
  }

  func finish() throws(SafetensorsError) {
    if try file.byteCount() > offset {
      throw SafetensorsError(path: file.path, problem: .trailingBytes(offset: offset))
    }
  }
}
