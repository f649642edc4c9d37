/// Images of one size as a person's file holds them, before their values are checked and scaled.
struct RawImages: Sendable {
  /// What they were read from, in words that can begin a sentence: "the array 'train'".
  let origin: String
  var height: Int
  var width: Int
  /// What the numbers are.
  let kind: NumberArray.Kind
  /// The numbers, `[count, height * width]`.
  var values: [Float]
  /// The files of the images, where each has its own; else empty.
  var files: [String] = []
  /// True where 255 is white whatever the images hold, as in a PNG file.
  var isOfBytes = false
  /// The folder of each file's class, if it has one; empty where there are no files.
  var labels: [String?] = []
  /// What tells each file's image from others; empty where there are no files.
  var identities: [UInt64] = []
  /// The name of the array, if it is one.
  var name = ""

  /// The number of images.
  var count: Int { values.count / (height * width) }

  /// Where a number stands, in words.
  func place(of index: Int) -> String {
    let (image, pixel) = index.quotientAndRemainder(dividingBy: height * width)
    let position = "row \(pixel / width), column \(pixel % width)"
    return files.isEmpty ? "\(origin), image \(image), \(position)" : "\(files[image]), \(position)"
  }

  /// The smallest and the largest number.
  ///
  /// - Throws: ``UnusableImages`` where a number is not finite or outside 0...255, with its place.
  func range() throws(UnusableImages) -> ClosedRange<Float> {
    guard var low = values.first else { throw UnusableImages("\(origin) holds no images") }
    var high = low
    // A comparison with NaN is false, so one test finds that too.
    if let index = values.firstIndex(where: { !($0 >= 0 && $0 <= 255) }) {
      throw UnusableImages(
        "\(place(of: index)) holds \(values[index]); intensities must be numbers from 0 to 1 or from 0 to 255"
      )
    }
    for value in values {
      low = min(low, value)
      high = max(high, value)
    }
    return low...high
  }
}

/// Why a person's images cannot be used, in words.
struct UnusableImages: Error {
  let reason: String

  init(_ reason: String) {
    self.reason = reason
  }
}

/// How intensities are brought to [0, 1].
enum ImageScale: Sendable, Hashable {
  case unchanged
  case dividedBy255

  /// The scale of images whose numbers lie in `range`.
  ///
  /// - Throws: ``UnusableImages`` where the largest fraction lies just above 1, which is neither scale.
  init(of range: ClosedRange<Float>, isOfBytes: Bool, kind: NumberArray.Kind) throws(UnusableImages) {
    if isOfBytes {
      self = .dividedBy255
    } else if range.upperBound <= 1 {
      self = .unchanged
    } else if kind == .floating, range.upperBound < 2 {
      throw UnusableImages(
        "its numbers reach \(range.upperBound), so they are neither from 0 to 1 nor from 0 to 255; clip or "
          + "scale them")
    } else {
      self = .dividedBy255
    }
  }

  /// The intensities of numbers.
  func intensities(_ values: [Float]) -> [Float] {
    // A division, not a product with the inverse: floor(255 x) must be k again for x = k / 255.
    self == .unchanged ? values : values.map { $0 / 255 }
  }

  /// In words.
  var words: String {
    switch self {
    case .unchanged: "taken as they are"
    case .dividedBy255: "divided by 255"
    }
  }
}
