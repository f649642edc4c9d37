import CZlib
import FileTestSupport
import Foundation

/// What surrounds the bytes that a reader understands, so that a fuzzer need not guess checksums and compressed streams.
enum Dressing {
  /// A gzip file of bytes.
  static func gzip(_ bytes: [UInt8]) -> [UInt8] { deflated(bytes, as: .gzip) }

  /// A zip archive of one stored file.
  static func zip(_ bytes: [UInt8], name: String) -> [UInt8] {
    let checksum = UInt32(truncatingIfNeeded: crc32(0, bytes, UInt32(bytes.count)))
    let size = UInt32(bytes.count)
    // Version, flags, method, time, date, checksum, both sizes, the name's length, no more fields.
    let common =
      little(20 as UInt16) + little(0 as UInt16) + little(0 as UInt16) + little(0 as UInt32)
      + little(checksum) + little(size) + little(size) + little(UInt16(name.utf8.count)) + little(0 as UInt16)
    let local = little(0x0403_4B50 as UInt32) + common + Array(name.utf8)
    let directory =
      little(0x0201_4B50 as UInt32) + little(20 as UInt16) + common
      + [UInt8](repeating: 0, count: 10) + little(0 as UInt32) + Array(name.utf8)
    let start = UInt32(local.count + bytes.count)
    let end =
      little(0x0605_4B50 as UInt32) + little(0 as UInt32) + little(1 as UInt16) + little(1 as UInt16)
      + little(UInt32(directory.count)) + little(start) + little(0 as UInt16)
    return local + bytes + directory + end
  }

  /// A MAT file with its plain elements compressed; nil where there are none.
  static func compressedMAT(_ bytes: [UInt8]) -> [UInt8]? {
    guard bytes.count > 136, bytes[126] == UInt8(ascii: "I") else { return nil }
    var result = Array(bytes[..<128])
    var offset = 128
    while offset + 8 <= bytes.count {
      let end = offset + 8 + Int(word(bytes, at: offset + 4))
      guard word(bytes, at: offset) == 14, end <= bytes.count else { return nil }
      let element = deflated(bytes[offset..<end], as: .zlib)
      result += little(15 as UInt32) + little(UInt32(element.count)) + element
      offset = end
    }
    return result
  }

  /// A PNG file with the checksums of its chunks made right; nil where it is none.
  static func mendedPNG(_ bytes: [UInt8]) -> [UInt8]? {
    guard bytes.count > 8 else { return nil }
    var result = bytes
    var offset = 8
    while offset + 12 <= bytes.count {
      let length = Int(word(bytes, at: offset).byteSwapped)
      guard length <= bytes.count - offset - 12 else { break }
      let chunk = Array(bytes[offset + 4..<offset + 8 + length])
      let checksum = UInt32(truncatingIfNeeded: crc32(0, chunk, UInt32(chunk.count)))
      result.replaceSubrange(offset + 8 + length..<offset + 12 + length, with: little(checksum.byteSwapped))
      offset += 12 + length
    }
    return result
  }

  private static func little(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  private static func word(_ bytes: [UInt8], at offset: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << UInt32(8 * $1) }
  }
}
