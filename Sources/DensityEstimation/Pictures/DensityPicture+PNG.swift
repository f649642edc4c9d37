import CPNG
import Files
import Foundation
import ImageDatasets

extension DensityPicture {
  /// The bytes of a PNG file with this picture.
  ///
  /// - Throws: `PNGError.unencodable` where libpng fails, as for a picture that is too large.
  public func encoded() throws(PNGError) -> Data {
    var image = png_image()
    image.version = UInt32(PNG_IMAGE_VERSION)
    image.width = UInt32(clamping: width)
    image.height = UInt32(clamping: height)
    image.format = UInt32(PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_COLORMAP)
    image.colormap_entries = UInt32(ColorMap.palette.count)
    let colors = ColorMap.palette.flatMap { [$0.red, $0.green, $0.blue] }
    // The first call computes the size for the second.
    var byteCount = 0
    guard png_image_write_to_memory(&image, nil, &byteCount, 0, shades, 0, colors) != 0 else {
      throw .unencodable(reason: Self.message(of: image))
    }
    var bytes = [UInt8](repeating: 0, count: byteCount)
    guard png_image_write_to_memory(&image, &bytes, &byteCount, 0, shades, 0, colors) != 0 else {
      throw .unencodable(reason: Self.message(of: image))
    }
    return Data(bytes.prefix(byteCount))
  }

  /// Writes a PNG file atomically, with `AtomicFile`. Only a regular file is replaced.
  ///
  /// - Throws: `PNGError.unwritable`, `PNGError.unencodable`
  public func write(to url: URL) throws(PNGError) {
    let data = try encoded()
    do {
      try AtomicFile.write(to: url) { try $0.write(data) }
    } catch {
      throw .unwritable(path: url.path, reason: (error as? FileError)?.reason ?? error.plainReason)
    }
  }

  private static func message(of image: png_image) -> String {
    withUnsafeBytes(of: image.message) { bytes in String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
