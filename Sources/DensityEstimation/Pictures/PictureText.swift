import CGIF

/// Words as a picture, in the font of giflib, twice as high.
enum PictureText {
  /// The height of a line.
  static let height = 2 * side
  /// The side of a character in the font.
  private static let side = Int(GIF_FONT_HEIGHT)

  /// A line of words in ink on paper, cut off where it is wider than a width.
  static func picture(_ text: String, width: Int) -> DensityPicture {
    let fitting = text.unicodeScalars.prefix(width / side).map { (0x20..<0x7F).contains($0.value) ? $0 : "?" }
    let line = String(String.UnicodeScalarView(fitting))
    guard !line.isEmpty else {
      return DensityPicture(height: height, width: 1, shades: [UInt8](repeating: ColorMap.paper, count: height))
    }
    let columns = side * fitting.count
    var shades = [UInt8](repeating: ColorMap.paper, count: side * columns)
    shades.withUnsafeMutableBufferPointer { buffer in
      var image = SavedImage()
      image.ImageDesc.Width = GifWord(columns)
      image.ImageDesc.Height = GifWord(side)
      image.RasterBits = buffer.baseAddress
      GifDrawText8x8(&image, 0, 0, line, Int32(ColorMap.ink))
    }
    // The font's upright strokes are two pixels wide, and the level ones a pixel high.
    var rows: [UInt8] = []
    for row in 0..<height {
      let start = row / 2 * columns
      rows += shades[start..<start + columns]
    }
    return DensityPicture(height: height, width: columns, shades: rows)
  }
}
