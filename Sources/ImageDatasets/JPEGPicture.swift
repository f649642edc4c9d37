import Files
import JPEGDecoding

/// Reads JPEG pictures with libjpeg-turbo.
package enum JPEGPicture {
  /// The greatest number of pixels that is accepted from a file of `fileSize` bytes. In a picture of one colour, a scan
  /// takes about a bit for each block of 8 x 8 pixels, or less.
  static func pixelLimit(fileSize: Int) -> Int {
    min(PNGImage.pixelLimit, max(1 << 20, CheckedSize.multiply(fileSize, 1024) ?? .max))
  }

  /// Whether bytes begin like a JPEG file.
  package static func isOne(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0xFF, 0xD8, 0xFF]) }

  /// The luminance of the picture in a file, and whether the picture has colours.
  ///
  /// - Parameters:
  ///   - bytes: The bytes of the file.
  ///   - objection: Says why a height and width are refused, or nil, before memory is allocated.
  /// - Throws: ``UnusableImages`` for a file that is damaged or truncated, or claims more pixels than it can hold.
  package static func decode(
    _ bytes: [UInt8], objection: (_ height: Int, _ width: Int) -> String?
  ) throws(UnusableImages) -> (picture: PNGImage, isColour: Bool) {
    var picture = jpeg_picture()
    guard jpeg_picture_inspect(bytes, bytes.count, &picture) == 1 else { throw UnusableImages(reason(picture)) }
    let (height, width) = (Int(picture.height), Int(picture.width))
    if let reason = objection(height, width) { throw UnusableImages("it is \(height) x \(width): \(reason)") }
    guard let count = CheckedSize.multiply(height, width),
      (1...pixelLimit(fileSize: bytes.count)).contains(count)
    else {
      throw UnusableImages(
        "it claims \(height) x \(width) pixels, more than a file of \(bytes.count) bytes can hold")
    }
    var pixels = [UInt8](repeating: 0, count: count)
    // The memory limit of the library: the coefficients of a progressive picture take two bytes for each of three
    // components, and the library needs some of its own.
    guard jpeg_picture_decode(bytes, bytes.count, &pixels, 8 * count + 1 << 24, &picture) == 1 else {
      throw UnusableImages(reason(picture))
    }
    return (PNGImage(height: height, width: width, pixels: pixels), picture.is_colour == 1)
  }

  private static func reason(_ picture: jpeg_picture) -> String {
    let text = withUnsafeBytes(of: picture.message) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    return "it is no JPEG picture that can be read whole: " + (text.isEmpty ? "libjpeg does not say why" : text)
  }
}
