import CPNG
import Files
import Foundation
import Safetensors

/// A grey picture of 8 bits a pixel, that PNG files are written from and read into.
///
/// ```swift
/// let picture = ImageGrid.images(dataset.test.prefix(100), columns: 10)
/// try picture.write(to: URL(fileURLWithPath: "test.png"))
/// ```
public struct PNGImage: Sendable, Hashable {
  /// The number of rows.
  public let height: Int
  /// The number of columns.
  public let width: Int
  /// The pixels, `[height * width]`, from 0 (black) to 255 (white); rows follow one another from the top.
  public let pixels: [UInt8]
  /// True where the file that it was read from has colours, whose luminance this is.
  private(set) var isFromColours = false

  /// The most pixels that are read from a file, 64 MiB of them: a small file can claim a picture that fills the memory.
  static let pixelLimit = 1 << 26

  /// A picture of `height` rows and `width` columns, both at least 1; `pixels` are `[height * width]`.
  public init(height: Int, width: Int, pixels: [UInt8]) {
    precondition(
      height > 0 && width > 0 && pixels.count == height * width,
      "PNGImage: \(pixels.count) pixels for \(height) x \(width)")
    self.height = height
    self.width = width
    self.pixels = pixels
  }

  /// The picture that a PNG file holds; colours become their luminance.
  ///
  /// - Parameters:
  ///   - url: The file.
  ///   - objection: Says of a height and a width what is against them, if anything, before memory is taken for pixels.
  /// - Throws: ``PNGError/unreadable(path:reason:)``, ``PNGError/malformed(path:reason:)``,
  ///   ``PNGError/refused(path:height:width:reason:)``.
  public init(
    contentsOf url: URL, objection: (_ height: Int, _ width: Int) -> String? = { _, _ in nil }
  ) throws(PNGError) {
    let data: Data
    do {
      data = try Data(contentsOf: url)
    } catch {
      throw .unreadable(path: url.path, reason: error.plainReason)
    }
    self = try Self.decoded(data, path: url.path, objection)
  }

  /// The bytes of a PNG file of this picture.
  ///
  /// - Throws: ``PNGError/unencodable(reason:)`` where libpng refuses: a picture too large, or no memory.
  public func encoded() throws(PNGError) -> Data {
    var image = Self.emptyImage
    image.width = UInt32(clamping: width)
    image.height = UInt32(clamping: height)
    image.format = UInt32(PNG_FORMAT_GRAY)
    // The first call says how many bytes the second will write.
    var byteCount = 0
    guard png_image_write_to_memory(&image, nil, &byteCount, 0, pixels, 0, nil) != 0 else {
      throw .unencodable(reason: Self.message(of: image))
    }
    var bytes = [UInt8](repeating: 0, count: byteCount)
    guard png_image_write_to_memory(&image, &bytes, &byteCount, 0, pixels, 0, nil) != 0 else {
      throw .unencodable(reason: Self.message(of: image))
    }
    return Data(bytes.prefix(byteCount))
  }

  /// Writes a PNG file, as `AtomicFile` does: whole or not at all, and in the place of a regular file alone.
  ///
  /// - Throws: ``PNGError/unwritable(path:reason:)``, ``PNGError/unencodable(reason:)``.
  public func write(to url: URL) throws(PNGError) {
    let data = try encoded()
    do {
      try AtomicFile.write(to: url) { try $0.write(data) }
    } catch {
      throw .unwritable(path: url.path, reason: (error as? SafetensorsError)?.reason ?? error.plainReason)
    }
  }

  private static func decoded(
    _ data: Data, path: String, _ objection: (Int, Int) -> String?
  ) throws(PNGError) -> PNGImage {
    let bytes = [UInt8](data)
    var image = emptyImage
    defer { png_image_free(&image) }
    // The library keeps the address from the first call to the second, so both happen while it is pinned.
    let result: Result<PNGImage, PNGError> = bytes.withUnsafeBytes { bytes in
      guard png_image_begin_read_from_memory(&image, bytes.baseAddress, bytes.count) != 0 else {
        return .failure(.malformed(path: path, reason: message(of: image)))
      }
      let (height, width) = (Int(image.height), Int(image.width))
      guard let count = CheckedSize.multiply(height, width), (1...pixelLimit).contains(count) else {
        return .failure(.malformed(path: path, reason: "it claims \(height) x \(width) pixels"))
      }
      if let reason = objection(height, width) {
        return .failure(.refused(path: path, height: height, width: width, reason: reason))
      }
      let hasColours = image.format & UInt32(PNG_FORMAT_FLAG_COLOR) != 0
      image.format = UInt32(PNG_FORMAT_GRAY)
      // Transparent places show what lies beneath them: white paper.
      var pixels = [UInt8](repeating: 255, count: count)
      guard png_image_finish_read(&image, nil, &pixels, 0, nil) != 0 else {
        return .failure(.malformed(path: path, reason: message(of: image)))
      }
      var picture = PNGImage(height: height, width: width, pixels: pixels)
      picture.isFromColours = hasColours
      return .success(picture)
    }
    return try result.get()
  }

  private static var emptyImage: png_image {
    var image = png_image()
    image.version = UInt32(PNG_IMAGE_VERSION)
    return image
  }

  private static func message(of image: png_image) -> String {
    let text = withUnsafeBytes(of: image.message) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    return text.isEmpty ? "no PNG file" : text
  }
}
