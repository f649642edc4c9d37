import Files

/// The layout of images in an array: which axes are images, rows and columns, and their strides.
struct ImageLayout: Sendable {
  /// The origin of an array, which decides the possible orders of its axes.
  enum Source: Sendable {
    /// NumPy: images come first, `[n, h, w]`, `[n, 1, h, w]`, `[n, h, w, 1]` or `[n, h * w]`.
    case numPy
    /// MATLAB: as NumPy's, or images come last: `[h, w, n]`, `[h, w, 1, n]` or `[h * w, n]`.
    case matlab
  }

  /// The image sizes that are recognized by the number of pixels in a row.
  static let knownSizes = [(height: 28, width: 28), (height: 28, width: 20), (height: 32, width: 32)]
  let count: Int
  let height: Int
  let width: Int
  let countStride: Int
  let rowStride: Int
  let columnStride: Int
  /// How the axes are interpreted, in words.
  let words: String

  /// The sides that an image of a dataset can have.
  static let sides = 8...512

  /// The sides that an image in a file can have, which is to be resized or not.
  static func sides(isResized: Bool) -> ClosedRange<Int> { isResized ? 2...16384 : sides }

  /// Whether both sides are in the range.
  static func isAllowed(_ height: Int, _ width: Int, _ sides: ClosedRange<Int>) -> Bool {
    sides.contains(height) && sides.contains(width)
  }

  /// The rule for sizes, to follow the mention of a size that violates it.
  static let sizeRule =
    "the sides of an image must be from 8 to 512, such as 28 x 28; others must be resized"

  /// The layout of an array of the given shape; nil where it cannot be images.
  init?(
    shape: [Int], isFirstIndexFastest: Bool, source: Source, sides: ClosedRange<Int> = Self.sides
  ) {
    guard let strides = CheckedSize.strides(shape, isFirstIndexFastest: isFirstIndexFastest) else { return nil }
    let orders = source == .matlab ? [false, true] : [false]
    let layouts = orders.compactMap { Self(shape, strides, isCountLast: $0, sides) }
    // A known size in either order of the axes is preferred to a square one, and a square one to any other: 28 x 28 x
    // 400 is 400 images.
    guard
      let layout = layouts.first(where: \.isKnown) ?? layouts.first(where: { $0.height == $0.width })
        ?? layouts.first
    else { return nil }
    self = layout
  }

  private var isKnown: Bool { Self.knownSizes.contains { $0.height == height && $0.width == width } }

  private init?(_ shape: [Int], _ strides: [Int], isCountLast: Bool, _ sides: ClosedRange<Int>) {
    guard (2...4).contains(shape.count) else { return nil }
    let all = Array(shape.indices)
    let countAxis = isCountLast ? shape.count - 1 : 0
    var imageAxes = all.filter { $0 != countAxis }
    if imageAxes.count == 3 {
      // The single channel of grey images, before or after their sides.
      guard let channel = [imageAxes[0], imageAxes[2]].first(where: { shape[$0] == 1 }) else { return nil }
      imageAxes.removeAll { $0 == channel }
    }
    count = shape[countAxis]
    countStride = strides[countAxis]
    if imageAxes.count == 2 {
      (height, width) = (shape[imageAxes[0]], shape[imageAxes[1]])
      (rowStride, columnStride) = (strides[imageAxes[0]], strides[imageAxes[1]])
      words = isCountLast ? "rows, columns, images" : "images, rows, columns"
    } else {
      let length = shape[imageAxes[0]]
      guard let size = Self.knownSizes.first(where: { $0.height * $0.width == length }) else { return nil }
      (height, width) = size
      // The product is less than the number of elements where there are any, but it can overflow where there are none.
      guard let stride = CheckedSize.multiply(strides[imageAxes[0]], size.width) else { return nil }
      (rowStride, columnStride) = (stride, strides[imageAxes[0]])
      words = "\(isCountLast ? "a column" : "a row") for each image, its pixels row after row"
    }
    guard Self.isAllowed(height, width, sides) else { return nil }
  }

  /// The images of an array, `[count, height * width]`.
  func images(_ values: [Float]) -> [Float] {
    [Float](unsafeUninitializedCapacity: count * height * width) { result, written in
      values.withUnsafeBufferPointer { values in
        var target = 0
        for image in 0..<count {
          for row in 0..<height {
            let start = image * countStride + row * rowStride
            for column in 0..<width {
              result[target] = values[start + column * columnStride]
              target += 1
            }
          }
        }
        written = target
      }
    }
  }
}
