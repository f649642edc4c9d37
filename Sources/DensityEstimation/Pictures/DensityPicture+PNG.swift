import Foundation
import ImageDatasets

extension DensityPicture {
  /// The bytes of a PNG file with this picture.
  ///
  /// - Throws: `PNGError.unencodable` where libpng fails, as for a picture that is too large.
  public func encoded() throws(PNGError) -> Data {
    let palette = ColorMap.palette.flatMap { [$0.red, $0.green, $0.blue] }
    return try PNGImage.encode(shades, height: height, width: width, palette: palette)
  }

  /// Writes a PNG file atomically, with `AtomicFile`. Only a regular file is replaced.
  ///
  /// - Throws: `PNGError.unwritable`, `PNGError.unencodable`
  public func write(to url: URL) throws(PNGError) { try PNGImage.write(try encoded(), to: url) }
}
