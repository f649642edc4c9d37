import CZstd
import Files

/// The contents of a file that is one zstd frame.
///
/// Further frames, skippable frames and any other bytes after the frame are refused: this module does not write them,
/// and no checksum would cover them. The window is limited to the library's default (128 MiB), so that a frame cannot
/// demand more memory than that.
///
/// Source: RFC 8878, and the zstd manual, "Streaming decompression".
final class ZstandardSource: ByteSource {
  /// The first four bytes of a frame.
  static let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
  /// The longest header of a frame, with the magic number.
  static let maximumHeaderByteCount = 18

  /// The greatest compression ratio of a frame: a block of 128 KiB takes at least four bytes.
  private static let maximumRatio = (128 << 10) / 4

  private let file: OpenFile
  private let context: OpaquePointer
  private let inputBuffer: UnsafeMutableRawBufferPointer
  private var input = ZSTD_inBuffer()
  private var fileOffset = 0
  private var hasEnded = false
  let byteCount: Int?
  var isByteCountCertain: Bool { false }

  /// - Parameter start: The first bytes of the file, at least 18 unless the file is shorter.
  init(_ file: OpenFile, start: [UInt8]) throws(SafetensorsError) {
    self.file = file
    byteCount = try Self.contentSize(of: file, start: start)
    let capacity = max(ZSTD_DStreamInSize(), 256 << 10)
    guard let context = ZSTD_createDCtx() else {
      throw SafetensorsError(path: file.path, problem: .outOfMemory(byteCount: capacity))
    }
    self.context = context
    inputBuffer = .allocate(byteCount: capacity, alignment: 16)
  }

  deinit {
    ZSTD_freeDCtx(context)
    inputBuffer.deallocate()
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(SafetensorsError) -> Int {
    var output = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
    while output.pos < output.size, !hasEnded {
      let before = output.pos
      try step(&output)
      // More input is needed only once zstd has returned all that it holds.
      if output.pos == before, input.pos == input.size, !hasEnded { try refill() }
    }
    return output.pos
  }

  func skip(_ count: Int) throws(SafetensorsError) -> Int {
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: min(max(count, 1), 1 << 20), alignment: 16)
    defer { scratch.deallocate() }
    var done = 0
    while done < count {
      let part = UnsafeMutableRawBufferPointer(rebasing: scratch[..<min(scratch.count, count - done)])
      let read = try read(into: part)
      done += read
      if read < part.count { break }
    }
    return done
  }

  func finish() throws(SafetensorsError) {
    // Room for one excess byte: the frame must end without filling it.
    var excess: UInt8 = 0
    let count = try withUnsafeMutableBytes(of: &excess) { (buffer) throws(SafetensorsError) in
      try read(into: buffer)
    }
    if count > 0 { throw damaged("it holds more than the header describes") }
    let end = fileOffset - (input.size - input.pos)
    if try file.length() > end {
      throw SafetensorsError(path: file.path, problem: .trailingBytes(offset: end))
    }
  }

  private func step(_ output: inout ZSTD_outBuffer) throws(SafetensorsError) {
    let code = ZSTD_decompressStream(context, &output, &input)
    guard ZSTD_isError(code) == 0 else {
      throw damaged(String(cString: ZSTD_getErrorName(code)))
    }
    // Zero means that the frame is complete, and that its content size and checksum are right.
    hasEnded = code == 0
  }

  private func refill() throws(SafetensorsError) {
    let count = try file.fill(inputBuffer, from: fileOffset)
    if count == 0 { throw damaged("it does not end; the file is cut off") }
    fileOffset += count
    input = ZSTD_inBuffer(src: inputBuffer.baseAddress, size: count, pos: 0)
  }

  private func damaged(_ reason: String) -> SafetensorsError {
    let offset = fileOffset - (input.size - input.pos)
    return SafetensorsError(path: file.path, problem: .frame(reason, offset: offset))
  }

  /// The uncompressed size that the frame's header states; nil where it states none.
  private static func contentSize(of file: OpenFile, start: [UInt8]) throws(SafetensorsError) -> Int? {
    func damaged(_ reason: String) -> SafetensorsError {
      SafetensorsError(path: file.path, problem: .frame(reason, offset: start.count))
    }
    // Decoders ignore this unused bit. No encoder sets it, so that a set bit means damage.
    if start.count > 4, start[4] & 0x10 != 0 { throw damaged("the unused bit of its descriptor is set") }
    let size = start.withUnsafeBytes { ZSTD_getFrameContentSize($0.baseAddress, $0.count) }
    // ZSTD_CONTENTSIZE_UNKNOWN and ZSTD_CONTENTSIZE_ERROR are macros that Swift does not import.
    if size == UInt64.max { return nil }
    if size == UInt64.max - 1 { throw damaged("its header is incomplete or invalid") }
    let limit = CheckedSize.multiply(try file.length(), maximumRatio) ?? .max
    guard size <= UInt64(limit) else {
      throw damaged("it claims \(size) bytes of content, more than its length can hold")
    }
    return Int(size)
  }
}
