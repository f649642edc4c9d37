import CCrypto

/// What tells an image from all others, by its content alone: 64 bits of the SHA-256 of its size and its shades.
///
/// The shades are taken in 255ths, as a file of pictures holds them, so that an image is the same one in a PNG file and in
/// an array. Two images that differ have the same identity with a probability of 5e-20.
public enum ImageIdentity {
  /// The identity of an image of intensities in [0, 1], `[height * width]`.
  public static func of(height: Int, width: Int, intensities: some Sequence<Float>) -> UInt64 {
    of(height: height, width: width, shades: intensities.map { UInt8(min(max(255 * $0, 0), 255).rounded()) })
  }

  /// The identity of an image of shades from 0 to 255, `[height * width]`.
  static func of(height: Int, width: Int, shades: [UInt8]) -> UInt64 {
    sha256(bytes(UInt64(height)) + bytes(UInt64(width)) + shades).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// A digest of numbers of images and their identities, in order: 64 hexadecimal digits.
  static func digest(of splits: [[UInt64]]) -> String {
    let all = splits.flatMap { split in bytes(UInt64(split.count)) + split.flatMap(bytes) }
    return sha256(all).map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
  }

  private static func bytes(_ number: UInt64) -> [UInt8] { withUnsafeBytes(of: number.bigEndian, Array.init) }

  private static func sha256(_ bytes: [UInt8]) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
    SHA256(bytes, bytes.count, &result)
    return result
  }
}

extension GreyImages {
  /// The identity of each image.
  public var identities: [UInt64] {
    (0..<count).map { ImageIdentity.of(height: height, width: width, intensities: self[$0]) }
  }
}

/// The split of images that nobody has split: by each one's identity, so that adding or removing images moves no other,
/// and equal images are never on both sides.
enum ContentSplit {
  /// The split of an image: train for eight tenths of all identities, validation and test for one each.
  static func split(of identity: UInt64) -> DatasetSplit {
    switch identity / (UInt64.max / 10 + 1) {
    case 8: .validation
    case 9: .test
    default: .train
    }
  }
}
