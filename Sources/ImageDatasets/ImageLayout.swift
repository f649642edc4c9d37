import Files

/// Which axes of an array count images, rows and columns, and how far apart their numbers lie.
struct ImageLayout: Sendable {
  /// Where an array comes from, which decides what the order of its axes may mean.
  enum Source: Sendable {
    /// NumPy: images come first, `[n, h, w]`, `[n, 1, h, w]`, `[n, h, w, 1]` or `[n, h * w]`.
    case numPy
    /// MATLAB: as NumPy's, or images come last: `[h, w, n]`, `[h, w, 1, n]` or `[h * w, n]`.
    case matlab
  }

  /// The sizes that need not be told: rows of so many numbers are images of that size.
  static let knownSizes = [(height: 28, width: 28), (height: 28, width: 20), (height: 32, width: 32)]
  let count: Int
  let height: Int
  let width: Int
  let countStride: Int
  let rowStride: Int
  let columnStride: Int
  /// How the axes are read, in words.
  let words: String

  /// True where a model takes images of that size; its strides halve an image twice.
  static func isAllowed(_ height: Int, _ width: Int) -> Bool {
    [height, width].allSatisfy { (8...512).contains($0) && $0.isMultiple(of: 4) }
  }

  /// What a size must be, to stand behind the one that is not.
  static let sizeRule =
    "the sides of an image must be multiples of 4 from 8 to 512, such as 28 x 28, 28 x 20 or 32 x 32"

  /// The layout of an array of that shape, or nil where it holds no images that a model takes.
  init?(shape: [Int], isFirstIndexFastest: Bool, source: Source) {
    guard let strides = CheckedSize.strides(shape, isFirstIndexFastest: isFirstIndexFastest) else { return nil }
    // A known size in either order is believed before an unusual size is: 28 x 28 x 400 is of 400 images.
    let orders = source == .matlab ? [false, true] : [false]
    for isKnownOnly in source == .matlab ? [true, false] : [false] {
      for isCountLast in orders {
        if let layout = Self(shape, strides, isCountLast: isCountLast, isKnownOnly: isKnownOnly) {
          self = layout
          return
        }
      }
    }
    return nil
  }

  private init?(_ shape: [Int], _ strides: [Int], isCountLast: Bool, isKnownOnly: Bool) {
    guard (2...4).contains(shape.count) else { return nil }
    let all = Array(shape.indices)
    let countAxis = isCountLast ? shape.count - 1 : 0
    var imageAxes = all.filter { $0 != countAxis }
    if imageAxes.count == 3 {
      // The one channel of a grey image: before or after its sides, wherever the count is.
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
      // Less than the number of all elements, where there are any.
      guard let stride = CheckedSize.multiply(strides[imageAxes[0]], size.width) else { return nil }
      (rowStride, columnStride) = (stride, strides[imageAxes[0]])
      words = "\(isCountLast ? "a column" : "a row") for each image, its pixels row after row"
    }
    let isKnown = Self.knownSizes.contains { $0.height == height && $0.width == width }
    guard Self.isAllowed(height, width), isKnown || !isKnownOnly else { return nil }
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
