import CCrypto

/// The identity of an image, which depends on its contents alone: 64 bits of the SHA-256 of its size and its pixels.
///
/// Intensities are rounded to multiples of 1 / 255, as a picture file stores them, so that an image has one identity
/// in a PNG file and in an array. Two different images have the same identity with a probability of 5e-20.
public enum ImageIdentity {
  /// The identity of an image of intensities in [0, 1], `[height * width]`.
  public static func of(height: Int, width: Int, intensities: some Sequence<Float>) -> UInt64 {
    of(height: height, width: width, shades: intensities.map { UInt8(min(max(255 * $0, 0), 255).rounded()) })
  }

  /// The identity of an image of grey levels from 0 to 255, `[height * width]`.
  static func of(height: Int, width: Int, shades: [UInt8]) -> UInt64 {
    sha256(bytes(UInt64(height)) + bytes(UInt64(width)) + shades).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// A digest of the identities of the images of all splits, in order: 64 hexadecimal digits.
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
  /// The identity of each image, in order.
  public var identities: [UInt64] {
    (0..<count).map { index in
      guard let levels else { return ImageIdentity.of(height: height, width: width, intensities: self[index]) }
      return ImageIdentity.of(
        height: height, width: width, shades: Array(levels[index * pixelCount..<(index + 1) * pixelCount]))
    }
  }
}

/// The division into splits of images that come without one. It depends on each image's identity alone, so that adding
/// or removing images moves no others, and equal images are always in the same split.
enum ContentSplit {
  /// The split of an image: training for eight tenths of all identities, validation and test for one tenth each.
  static func split(of identity: UInt64) -> DatasetSplit {
    switch identity / (UInt64.max / 10 + 1) {
    case 8: .validation
    case 9: .test
    default: .train
    }
  }
}
