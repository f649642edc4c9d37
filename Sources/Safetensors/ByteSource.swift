import Files

/// The uncompressed bytes of a file, to be read once from the first to the last.
protocol ByteSource: AnyObject {
  /// The total number of bytes, where the file states it in advance.
  var byteCount: Int? { get }
  /// Whether memory may be allocated on the strength of `byteCount`: true if that many bytes are known to be on the
  /// disk.
  var isByteCountCertain: Bool { get }
  /// Fills the buffer; returns the number of bytes read, which is smaller than the buffer only at the end.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(SafetensorsError) -> Int
  /// Skips bytes; returns their number, which is smaller than `count` only at the end.
  func skip(_ count: Int) throws(SafetensorsError) -> Int
  /// Checks, after the last byte that is wanted, that no byte follows, and that the checksum is right if there is one.
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
    byteCount = try file.length()
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(SafetensorsError) -> Int {
    let count = try file.fill(buffer, from: offset)
    offset += count
    return count
  }

  func skip(_ count: Int) throws(SafetensorsError) -> Int {
    let passed = min(count, max(0, try file.length() - offset))
    offset += passed
    return passed
  }

  func finish() throws(SafetensorsError) {
    if try file.length() > offset {
      throw SafetensorsError(path: file.path, problem: .trailingBytes(offset: offset))
    }
  }
}
