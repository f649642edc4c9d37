/// Arranges images in a grid, row by row, with each pixel as a square.
///
/// An intensity of 1 is drawn black, and 0 white: ink on paper.
///
/// ```swift
/// let grid = ImageGrid(columns: 8, scale: 4)
/// try grid.layOut(originals: images, reconstructions: means).write(to: url)
/// ```
public struct ImageGrid: Sendable {
  /// The number of images, or of pairs of images, in a row.
  public let columns: Int
  /// The side of an image's pixel, in pixels of the picture.
  public let scale: Int
  /// The gap between two images, in pixels of the picture.
  public let gap: Int
  /// The gap between two pairs of images, in pixels of the picture.
  public let pairGap: Int
  /// The margin around the grid, in pixels of the picture.
  public let margin: Int
  /// The grey level between the images, from 0 (black) to 255 (white).
  public let background: UInt8

  /// A layout.
  ///
  /// - Parameters:
  ///   - columns: The number of images, or of pairs, in a row; at least 1.
  ///   - scale: The side of an image's pixel; at least 1.
  ///   - gap: The gap between two images; by default 1.5 times the scale.
  ///   - pairGap: The gap between two pairs; by default three gaps.
  ///   - margin: The margin around the grid; by default two gaps.
  ///   - background: The grey level between the images.
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

  /// Images in a grid at the default scale; with fewer images than `columns`, a row only as wide as they are.
  public static func images(_ images: GreyImages, columns: Int) -> PNGImage {
    ImageGrid(columns: columns).layOut(images)
  }

  /// Pairs of images in a grid at the default scale, each original with its reconstruction on its right.
  public static func pairs(
    originals: GreyImages, reconstructions: GreyImages, columns: Int
  ) -> PNGImage {
    ImageGrid(columns: columns).layOut(originals: originals, reconstructions: reconstructions)
  }

  /// Images in a grid; there must be at least one.
  public func layOut(_ images: GreyImages) -> PNGImage {
    layOut([images])
  }

  /// Pairs of images in a grid, each original with its reconstruction on its right.
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

  /// A grid of groups of images side by side: each group has one image of each array of `members`.
  ///
  /// - Parameters:
  ///   - members: The images of the groups, left to right; as many of each, of one size, and at least one.
  ///   - isApart: Whether twice the gap sets the first and the last image of a group apart from those between.
  ///   - framed: The groups that have a dark frame around them.
  public func layOut(_ members: [GreyImages], isApart: Bool = false, framed: Set<Int> = []) -> PNGImage {
    let count = members.first?.count ?? 0
    precondition(count > 0, "ImageGrid: no images to lay out")
    precondition(
      members.allSatisfy { $0.count == count && $0.height == members[0].height && $0.width == members[0].width },
      "ImageGrid: groups of images of different numbers or sizes")
    let (tileHeight, tileWidth) = (members[0].height * scale, members[0].width * scale)
    // The places of a group's images within it.
    let places = members.indices.map { member in
      let setApart = isApart ? (member > 0 ? gap : 0) + (member == members.count - 1 && member > 1 ? gap : 0) : 0
      return member * (tileWidth + gap) + setApart
    }
    let groupWidth = (places.last ?? 0) + tileWidth
    let space = members.count > 1 ? pairGap : gap
    let columns = min(columns, count)
    let rows = (count + columns - 1) / columns
    let height = 2 * margin + rows * tileHeight + (rows - 1) * space
    let width = 2 * margin + columns * groupWidth + (columns - 1) * space
    var pixels = [UInt8](repeating: background, count: height * width)
    for index in 0..<count {
      let top = margin + index / columns * (tileHeight + space)
      let left = margin + index % columns * (groupWidth + space)
      if framed.contains(index) {
        frame(top..<top + tileHeight, left..<left + groupWidth, on: &pixels, width)
      }
      for (place, images) in members.enumerated() {
        draw(images[index], images.width, on: &pixels, width, top, left + places[place])
      }
    }
    return PNGImage(height: height, width: width, pixels: pixels)
  }

  /// Darkens a rectangle and what is around it, as wide as an image's pixel.
  private func frame(_ rows: Range<Int>, _ columns: Range<Int>, on pixels: inout [UInt8], _ width: Int) {
    let (height, wide) = (pixels.count / width, columns.lowerBound - scale..<columns.upperBound + scale)
    for row in (rows.lowerBound - scale..<rows.upperBound + scale).clamped(to: 0..<height) {
      for column in wide.clamped(to: 0..<width) { pixels[row * width + column] = Self.frameShade }
    }
  }

  private static let frameShade: UInt8 = 70

  private func draw(
    _ image: ArraySlice<Float>, _ imageWidth: Int, on pixels: inout [UInt8], _ width: Int, _ top: Int,
    _ left: Int
  ) {
    for (place, intensity) in image.enumerated() {
      // A NaN is drawn black, so that it is noticed.
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
