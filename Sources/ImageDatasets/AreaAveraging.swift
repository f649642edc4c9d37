/// Resizes images by area averaging: each new pixel is the mean over the area of the old image that it covers.
///
/// Partly covered pixels count in proportion, so that the mean of the image does not change. In an enlarged image, the
/// old pixels are squares.
struct AreaAveraging: Sendable {
  /// The old rows (or columns) that a new one covers, with weights that sum to 1.
  private struct Cover {
    let first: Int
    let weights: [Float]
  }

  private let old: ImageSize
  private let rows: [Cover]
  private let columns: [Cover]

  init(from old: ImageSize, to new: ImageSize) {
    self.old = old
    rows = Self.covers(old.height, new.height)
    columns = Self.covers(old.width, new.width)
  }

  private static func covers(_ old: Int, _ new: Int) -> [Cover] {
    let scale = Double(old) / Double(new)
    return (0..<new).map { index in
      let (start, end) = (Double(index) * scale, Double(index + 1) * scale)
      let first = min(Int(start), old - 1)
      let last = min(max(first, Int(end.rounded(.up)) - 1), old - 1)
      let weights = (first...last).map { place in
        Float(max(0, min(end, Double(place + 1)) - max(start, Double(place))) / scale)
      }
      return Cover(first: first, weights: weights)
    }
  }

  /// An image, `[height * width]`, in the new size.
  func callAsFunction(_ pixels: some RandomAccessCollection<Float>) -> [Float] {
    let pixels = Array(pixels)
    var result = [Float]()
    result.reserveCapacity(rows.count * columns.count)
    for row in rows {
      var line = [Float](repeating: 0, count: old.width)
      for (place, weight) in row.weights.enumerated() {
        let start = (row.first + place) * old.width
        for column in 0..<old.width { line[column] += weight * pixels[start + column] }
      }
      for column in columns {
        var sum: Float = 0
        for (place, weight) in column.weights.enumerated() { sum += weight * line[column.first + place] }
        result.append(sum)
      }
    }
    return result
  }
}
