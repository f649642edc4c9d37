import Files

/// Reading with the errors of this module.
extension OpenFile {
  /// Opens a regular file for reading.
  static func opening(_ path: String) throws(SafetensorsError) -> OpenFile {
    try wrapping { () throws(FileError) in try OpenFile(reading: path) }
  }

  /// The file's length at this moment, in bytes.
  func length() throws(SafetensorsError) -> Int {
    try Self.wrapping { () throws(FileError) in try byteCount() }
  }

  /// Reads until the buffer is full or the file ends; returns the number of bytes read.
  func fill(_ buffer: UnsafeMutableRawBufferPointer, from offset: Int) throws(SafetensorsError) -> Int {
    try Self.wrapping { () throws(FileError) in try read(into: buffer, at: offset) }
  }

  private static func wrapping<Result>(_ body: () throws(FileError) -> Result) throws(SafetensorsError) -> Result {
    do { return try body() } catch { throw SafetensorsError(path: error.path, problem: .file(error.problem)) }
  }
}
