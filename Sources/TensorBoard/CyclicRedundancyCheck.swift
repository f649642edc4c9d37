/// CRC-32C, the cyclic redundancy check with Castagnoli's polynomial (RFC 3720, section 12.1 and appendix B.4).
///
/// The `crc32` of zlib uses another polynomial.
enum CyclicRedundancyCheck {
  /// The remainder of each byte, for the polynomial 0x1EDC6F41 with its bits reversed: eight steps at a time.
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { remainder, _ in
      remainder & 1 == 1 ? remainder >> 1 ^ 0x82F6_3B78 : remainder >> 1
    }
  }

  /// The checksum of bytes; that of `123456789` in ASCII is 0xE3069283.
  static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(UInt32.max) { remainder, byte in
      remainder >> 8 ^ table[Int(UInt8(truncatingIfNeeded: remainder) ^ byte)]
    }
  }

  /// The checksum as record files store it: rotated right by 15 bits, plus a constant, so that data that contain
  /// checksums themselves cause no problem (TensorFlow, `tsl/lib/hash/crc32c.h`).
  static func masked(_ bytes: some Sequence<UInt8>) -> UInt32 {
    let checksum = checksum(bytes)
    return (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
  }
}
