import CZlib
import Foundation

/// The bytes of a file in pieces, decompressed where the file is gzipped.
package enum FileBytes {
  private static let pieceLength = 1 << 16

  /// Passes each piece of the file's bytes to `take`, in order.
  ///
  /// A gzipped file is recognized by its first two bytes, not by its name.
  ///
  /// - Throws: ``DatasetError/unreadable(path:reason:)``; ``DatasetError/malformed(path:reason:)`` with the byte at
  ///   which a gzipped file is damaged or truncated; what `take` throws.
  package static func read(
    _ url: URL, _ take: (UnsafeRawBufferPointer) throws(DatasetError) -> Void
  ) throws(DatasetError) {
    guard let file = fopen(url.path, "rb") else {
      throw .unreadable(path: url.path, reason: String(cString: strerror(errno)))
    }
    defer { fclose(file) }
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceLength, alignment: 16)
    defer { piece.deallocate() }
    var inflater: Inflater?
    var isFirst = true
    while true {
      let count = fread(piece.baseAddress, 1, piece.count, file)
      guard count > 0 else { break }
      let bytes = UnsafeRawBufferPointer(rebasing: piece[..<count])
      if isFirst, count >= 2, bytes[0] == 0x1F, bytes[1] == 0x8B { inflater = try Inflater(path: url.path) }
      isFirst = false
      if let inflater {
        try inflater.unpack(bytes, take)
      } else {
        try take(bytes)
      }
    }
    guard ferror(file) == 0 else {
      throw .unreadable(path: url.path, reason: String(cString: strerror(errno)))
    }
    try inflater?.finish()
  }
}

/// Decompresses a gzipped file piece by piece.
///
/// Source: RFC 1952, by which a file may have several members, one after another.
private final class Inflater {
  private let path: String
  // zlib keeps this address, so it must not move.
  private let stream: UnsafeMutablePointer<z_stream>
  private let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
  private var taken = 0
  private var given = 0
  private var isMemberComplete = false

  init(path: String) throws(DatasetError) {
    self.path = path
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // A window of 15 bits, the largest; adding 16 selects gzip's header and checksum.
    let code = inflateInit2_(stream, 15 + 16, zlibVersion(), Int32(MemoryLayout<z_stream>.size))
    guard code == Z_OK else { throw .unreadable(path: path, reason: "zlib has no memory to unpack it") }
  }

  deinit {
    inflateEnd(stream)
    stream.deinitialize(count: 1)
    stream.deallocate()
    output.deallocate()
  }

  func unpack(
    _ bytes: UnsafeRawBufferPointer, _ take: (UnsafeRawBufferPointer) throws(DatasetError) -> Void
  ) throws(DatasetError) {
    let start = bytes.bindMemory(to: UInt8.self).baseAddress
    stream.pointee.next_in = UnsafeMutablePointer(mutating: start)
    stream.pointee.avail_in = UInt32(bytes.count)
    var isOutputFull = false
    while stream.pointee.avail_in > 0 || isOutputFull {
      if isMemberComplete {
        inflateReset(stream)
        isMemberComplete = false
      }
      stream.pointee.next_out = output.bindMemory(to: UInt8.self).baseAddress
      stream.pointee.avail_out = UInt32(output.count)
      let code = inflate(stream, Z_NO_FLUSH)
      let place = taken + bytes.count - Int(stream.pointee.avail_in)
      guard code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR else {
        let words = stream.pointee.msg.map { " (\(String(cString: $0)))" } ?? ""
        throw .malformed(
          path: path,
          reason: "its gzip stream is damaged before byte \(place), after \(given) bytes unpacked\(words)")
      }
      let count = output.count - Int(stream.pointee.avail_out)
      given += count
      isMemberComplete = code == Z_STREAM_END
      isOutputFull = count == output.count && !isMemberComplete
      if count > 0 { try take(UnsafeRawBufferPointer(rebasing: output[..<count])) }
    }
    taken += bytes.count
  }

  func finish() throws(DatasetError) {
    guard isMemberComplete else {
      throw .malformed(
        path: path,
        reason: "its gzip stream is truncated: the file ends at byte \(taken), after \(given) bytes unpacked")
    }
  }
}
