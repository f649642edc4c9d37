import CZstd
import Files

/// Compresses bytes, piece by piece, into one zstd frame with content size and checksum.
///
/// Source: the zstd manual, "Streaming compression" (<https://facebook.github.io/zstd/zstd_manual.html>).
final class ZstandardCompressor {
  private let context: OpaquePointer
  private let output: UnsafeMutableRawBufferPointer
  private let path: String

  /// - Parameter contentSize: The total number of bytes, which the frame's header states.
  init(level: Int, contentSize: Int, path: String) throws(SafetensorsError) {
    // Larger than zstd recommends, so that there is one system call for many blocks.
    let capacity = max(ZSTD_CStreamOutSize(), 1 << 20)
    guard let context = ZSTD_createCCtx() else {
      throw SafetensorsError(path: path, problem: .outOfMemory(byteCount: capacity))
    }
    self.context = context
    self.path = path
    output = .allocate(byteCount: capacity, alignment: 16)
    _ = try check(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(clamping: level)))
    _ = try check(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1))
    // One worker compresses while this thread writes. A library built without threads rejects the setting, and
    // compresses on this thread.
    _ = ZSTD_CCtx_setParameter(context, ZSTD_c_nbWorkers, 1)
    _ = try check(ZSTD_CCtx_setPledgedSrcSize(context, UInt64(contentSize)))
  }

  deinit {
    ZSTD_freeCCtx(context)
    output.deallocate()
  }

  /// Compresses bytes, and writes the finished part of the frame to the sink.
  func write(_ bytes: UnsafeRawBufferPointer, to sink: AtomicFile.Sink) throws {
    var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
    while input.pos < input.size {
      _ = try step(&input, ZSTD_e_continue, to: sink)
    }
  }

  /// Ends the frame.
  func finish(to sink: AtomicFile.Sink) throws {
    var input = ZSTD_inBuffer(src: nil, size: 0, pos: 0)
    while try step(&input, ZSTD_e_end, to: sink) != 0 {}
  }

  private func step(
    _ input: inout ZSTD_inBuffer, _ directive: ZSTD_EndDirective, to sink: AtomicFile.Sink
  ) throws -> Int {
    var buffer = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
    let remaining = try check(ZSTD_compressStream2(context, &buffer, &input, directive))
    try sink.write(UnsafeRawBufferPointer(rebasing: output[..<buffer.pos]))
    return remaining
  }

  private func check(_ code: Int) throws(SafetensorsError) -> Int {
    guard ZSTD_isError(code) == 0 else {
      let reason = "zstd failed: \(String(cString: ZSTD_getErrorName(code)))"
      throw SafetensorsError(path: path, problem: .unwritable(reason))
    }
    return code
  }
}
