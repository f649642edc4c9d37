/// Lays images out on paper, row by row, each pixel a square of its own.
///
/// Ink is dark and paper light, so intensities turn around: 1 becomes black.
///
/// ```swift
/// let grid = ImageGrid(columns: 8, scale: 4)
/// try grid.layOut(originals: images, reconstructions: means).write(to: url)
/// ```
public struct ImageGrid: Sendable {
  /// The number of images in a row, or of pairs of images.
  public let columns: Int
  /// The number of rows and columns of the picture that an image's pixel takes.
  public let scale: Int
  /// The picture's pixels between two images.
  public let gap: Int
  /// The picture's pixels between two pairs, in place of the gap.
  public let pairGap: Int
  /// The picture's pixels around everything.
  public let margin: Int
  /// The grey between the images, from 0 (black) to 255 (white); images themselves lie on white.
  public let background: UInt8

  /// A layout.
  ///
  /// - Parameters:
  ///   - columns: The number of images, or of pairs, in a row; at least 1.
  ///   - scale: How large a pixel is drawn; at least 1.
  ///   - gap: The space between two images; by default one and a half of their pixels.
  ///   - pairGap: The space between two pairs; by default three gaps.
  ///   - margin: The space around everything; by default two gaps.
  ///   - background: The grey between the images.
  public init(
    columns: Int, scale: Int = 3, gap: Int? = nil, pairGap: Int? = nil, margin: Int? = nil,
    background: UInt8 = 226
  ) {
    precondition(columns > 0, "ImageGrid: \(columns) columns")
    precondition(scale > 0, "ImageGrid: a scale of \(scale)")
    let gap = gap ?? scale + scale / 2
    self.columns = columns
    self.scale = scale
    self.gap = gap
    self.pairGap = pairGap ?? 3 * gap
    self.margin = margin ?? 2 * gap
    self.background = background
    precondition(
      self.gap >= 0 && self.pairGap >= 0 && self.margin >= 0, "ImageGrid: a negative space between images")
  }

  /// Images in a grid at the usual scale; with fewer images than `columns`, one row as wide as they are.
  public static func images(_ images: GreyImages, columns: Int) -> PNGImage {
    ImageGrid(columns: columns).layOut(images)
  }

  /// Pairs of images in a grid at the usual scale: each original with its reconstruction at its right.
  public static func pairs(
    originals: GreyImages, reconstructions: GreyImages, columns: Int
  ) -> PNGImage {
    ImageGrid(columns: columns).layOut(originals: originals, reconstructions: reconstructions)
  }

  /// Images in a grid; at least one.
  public func layOut(_ images: GreyImages) -> PNGImage {
    layOut([images])
  }

  /// Pairs of images in a grid, each original with its reconstruction at its right.
  ///
  /// - Parameters:
  ///   - originals: The left images; at least one.
  ///   - reconstructions: The right images, as many and of the same size.
  public func layOut(originals: GreyImages, reconstructions: GreyImages) -> PNGImage {
    precondition(
      originals.count == reconstructions.count && originals.height == reconstructions.height
        && originals.width == reconstructions.width,
      "ImageGrid: \(originals.count) originals of \(originals.height) x \(originals.width) pixels and "
        + "\(reconstructions.count) reconstructions of \(reconstructions.height) x \(reconstructions.width)")
    return layOut([originals, reconstructions])
  }

  /// Groups of images that stand side by side, one of each array of `members`.
  private func layOut(_ members: [GreyImages]) -> PNGImage {
    let count = members[0].count
    precondition(count > 0, "ImageGrid: no images to lay out")
    let (tileHeight, tileWidth) = (members[0].height * scale, members[0].width * scale)
    let groupWidth = members.count * tileWidth + (members.count - 1) * gap
    let space = members.count > 1 ? pairGap : gap
    let columns = min(columns, count)
    let rows = (count + columns - 1) / columns
    let height = 2 * margin + rows * tileHeight + (rows - 1) * space
    let width = 2 * margin + columns * groupWidth + (columns - 1) * space
    var pixels = [UInt8](repeating: background, count: height * width)
    for index in 0..<count {
      let top = margin + index / columns * (tileHeight + space)
      let left = margin + index % columns * (groupWidth + space)
      for (place, images) in members.enumerated() {
        draw(images[index], images.width, on: &pixels, width, top, left + place * (tileWidth + gap))
      }
    }
    return PNGImage(height: height, width: width, pixels: pixels)
  }

  private func draw(
    _ image: ArraySlice<Float>, _ imageWidth: Int, on pixels: inout [UInt8], _ width: Int, _ top: Int,
    _ left: Int
  ) {
    for (place, intensity) in image.enumerated() {
      // An intensity that is no number counts as ink, so that it is seen.
      let paper = intensity.isNaN ? 0 : 1 - min(max(intensity, 0), 1)
      let shade = UInt8((255 * paper).rounded())
      let row = top + place / imageWidth * scale
      let column = left + place % imageWidth * scale
      for line in row..<row + scale {
        for target in line * width + column..<line * width + column + scale {
          pixels[target] = shade
        }
      }
    }
  }
}
