import CPNG
import Files
import Foundation

/// A grey picture with 8 bits per pixel, which can be read from and written to PNG files.
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
  /// The pixels, `[height * width]`, from 0 (black) to 255 (white), with rows from the top.
  public let pixels: [UInt8]
  /// Whether this is the luminance of a file with colours.
  private(set) var isFromColours = false

  /// The greatest number of pixels that is read from a file: 64 Mi. A small file can claim a picture that fills the
  /// memory.
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

  /// Reads a PNG file; colours are converted to luminance.
  ///
  /// - Parameters:
  ///   - url: The file.
  ///   - objection: Says why a height and width are refused, or nil, before memory is allocated for pixels.
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
    guard !data.isEmpty else { throw .malformed(path: url.path, reason: "the file is empty") }
    self = try Self.decoded(data, path: url.path, objection)
  }

  /// The bytes of a PNG file with this picture.
  ///
  /// - Throws: ``PNGError/unencodable(reason:)`` where libpng fails, as for a picture that is too large.
  public func encoded() throws(PNGError) -> Data {
    try Self.encode(pixels, height: height, width: width, palette: nil)
  }

  /// The bytes of a PNG file with pixels of grey or, with a palette, of its colours.
  ///
  /// - Parameters:
  ///   - pixels: The shade of each pixel, or its place in the palette, `[height * width]`, with rows from the top.
  ///   - height: The number of rows.
  ///   - width: The number of columns.
  ///   - palette: Red, green and blue of each colour, at most 256 of them; nil for grey.
  /// - Throws: ``PNGError/unencodable(reason:)``
  package static func encode(
    _ pixels: [UInt8], height: Int, width: Int, palette: [UInt8]?
  ) throws(PNGError) -> Data {
    var image = emptyImage
    image.width = UInt32(clamping: width)
    image.height = UInt32(clamping: height)
    image.format =
      palette == nil ? UInt32(PNG_FORMAT_GRAY) : UInt32(PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_COLORMAP)
    image.colormap_entries = UInt32((palette?.count ?? 0) / 3)
    // The first call computes the size for the second.
    var byteCount = 0
    guard png_image_write_to_memory(&image, nil, &byteCount, 0, pixels, 0, palette) != 0 else {
      throw .unencodable(reason: message(of: image))
    }
    var bytes = [UInt8](repeating: 0, count: byteCount)
    guard png_image_write_to_memory(&image, &bytes, &byteCount, 0, pixels, 0, palette) != 0 else {
      throw .unencodable(reason: message(of: image))
    }
    return Data(bytes.prefix(byteCount))
  }

  /// Writes a PNG file atomically, with `AtomicFile`. Only a regular file is replaced.
  ///
  /// - Throws: ``PNGError/unwritable(path:reason:)``, ``PNGError/unencodable(reason:)``.
  public func write(to url: URL) throws(PNGError) { try Self.write(try encoded(), to: url) }

  /// Writes the bytes of a PNG file atomically.
  package static func write(_ data: Data, to url: URL) throws(PNGError) {
    do {
      try AtomicFile.write(to: url) { try $0.write(data) }
    } catch {
      throw .unwritable(path: url.path, reason: (error as? FileError)?.reason ?? error.plainReason)
    }
  }

  private static func decoded(
    _ data: Data, path: String, _ objection: (Int, Int) -> String?
  ) throws(PNGError) -> PNGImage {
    let bytes = [UInt8](data)
    var image = emptyImage
    defer { png_image_free(&image) }
    // The library keeps the address of the bytes between the two calls, so that both are made within this closure.
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
      // Transparent pixels show the background, which is white.
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
