import CZlib

/// What surrounds a stream of zlib's compressed bytes.
public enum DeflateFormat: Int32, Sendable {
  /// A header of two bytes, and Adler's checksum.
  case zlib = 15
  /// A gzip file.
  case gzip = 31
}

/// Bytes compressed as zlib does it, quickly.
public func deflated(_ bytes: some Sequence<UInt8>, as format: DeflateFormat) -> [UInt8] {
  var stream = z_stream()
  let size = Int32(MemoryLayout<z_stream>.size)
  precondition(
    deflateInit2_(&stream, 1, Z_DEFLATED, format.rawValue, 8, Z_DEFAULT_STRATEGY, zlibVersion(), size) == Z_OK)
  defer { deflateEnd(&stream) }
  var input = Array(bytes)
  var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(input.count))))
  let (inputCount, outputCount) = (UInt32(input.count), UInt32(output.count))
  let left = input.withUnsafeMutableBufferPointer { input in
    output.withUnsafeMutableBufferPointer { output in
      stream.next_in = input.baseAddress
      stream.avail_in = inputCount
      stream.next_out = output.baseAddress
      stream.avail_out = outputCount
      precondition(deflate(&stream, Z_FINISH) == Z_STREAM_END)
      return Int(stream.avail_out)
    }
  }
  return Array(output.dropLast(left))
}
