import CZlib
import Files
import Foundation

/// The bytes of an element of a MAT file, to be read once from the first to the last.
protocol MATBytes: AnyObject {
  /// An upper bound on the number of bytes that are left.
  var mostLeft: Int { get }
  /// Fills the buffer; returns the number of bytes read, which is smaller than the buffer only at the end.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(MATProblem) -> Int
  /// Checks, where that can be known, that no bytes follow and that the checksum is right.
  func finish() throws(MATProblem)
}

/// Bytes that are not compressed.
final class MATPlainBytes: MATBytes {
  private let data: Data
  private var range: Range<Int>

  init(_ data: Data, _ range: Range<Int>) {
    self.data = data
    self.range = range
  }

  var mostLeft: Int { range.count }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(MATProblem) -> Int {
    let count = min(buffer.count, range.count)
    let start = data.startIndex + range.lowerBound
    data.copyBytes(to: buffer, from: start..<start + count)
    range = range.lowerBound + count..<range.upperBound
    return count
  }

  func finish() throws(MATProblem) {}
}

/// Bytes that are decompressed by zlib on demand.
final class MATDeflatedBytes: MATBytes {
  /// The greatest compression ratio of a deflated stream.
  private static let maximumRatio = 1040

  private let data: Data
  private let end: Int
  private var position: Int
  // zlib keeps this address, so it must not move.
  private let stream: UnsafeMutablePointer<z_stream>
  private var input = [UInt8](repeating: 0, count: 1 << 14)
  private var inputRange = 0..<0
  private var hasEnded = false

  init(_ data: Data, _ range: Range<Int>) throws(MATProblem) {
    self.data = data
    (position, end) = (range.lowerBound, range.upperBound)
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let code = inflateInit_(stream, zlibVersion(), Int32(MemoryLayout<z_stream>.size))
    guard code == Z_OK else { throw MATProblem("zlib has no memory to unpack it") }
  }

  deinit {
    inflateEnd(stream)
    stream.deinitialize(count: 1)
    stream.deallocate()
  }

  // The bytes that zlib has buffered are fewer than its window.
  var mostLeft: Int {
    CheckedSize.multiply(end - position + inputRange.count, Self.maximumRatio).map { $0 + (1 << 15) } ?? .max
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(MATProblem) -> Int {
    var filled = 0
    while filled < buffer.count, !hasEnded {
      if inputRange.isEmpty { refill() }
      let before = inputRange.count
      let room = min(buffer.count - filled, Int(UInt32.max))
      stream.pointee.next_out = buffer.baseAddress?.advanced(by: filled).assumingMemoryBound(to: UInt8.self)
      stream.pointee.avail_out = UInt32(room)
      let code = input.withUnsafeMutableBufferPointer { input in
        stream.pointee.next_in = input.baseAddress?.advanced(by: inputRange.lowerBound)
        stream.pointee.avail_in = UInt32(inputRange.count)
        return inflate(stream, Z_NO_FLUSH)
      }
      inputRange = inputRange.upperBound - Int(stream.pointee.avail_in)..<inputRange.upperBound
      filled += room - Int(stream.pointee.avail_out)
      hasEnded = code == Z_STREAM_END
      guard hasEnded || code == Z_OK || code == Z_BUF_ERROR else {
        let words = stream.pointee.msg.map { " (\(String(cString: $0)))" } ?? ""
        throw MATProblem("its compressed bytes are damaged before byte \(position - inputRange.count)\(words)")
      }
      // There was no input left, and no output: the stream is truncated.
      if before == 0, Int(stream.pointee.avail_out) == room, !hasEnded { break }
    }
    return filled
  }

  func finish() throws(MATProblem) {
    // zlib verifies the checksum only at the end, so one byte more than there is must be asked for.
    var excess: UInt8 = 0
    let result = withUnsafeMutableBytes(of: &excess) { buffer in
      Result { () throws(MATProblem) in try read(into: buffer) }
    }
    guard try result.get() == 0, hasEnded else {
      throw MATProblem("its compressed bytes do not end where its element does")
    }
  }

  private func refill() {
    let count = min(input.count, end - position)
    input.withUnsafeMutableBufferPointer { input in
      data.copyBytes(to: input, from: data.startIndex + position..<data.startIndex + position + count)
    }
    position += count
    inputRange = 0..<count
  }
}
