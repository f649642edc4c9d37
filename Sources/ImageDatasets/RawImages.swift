/// Images of one size as they were read from the user's file, before their values are checked and scaled.
struct RawImages: Sendable {
  /// What they were read from, as the subject of a sentence: "the array 'train'".
  let origin: String
  var height: Int
  var width: Int
  /// The kind of the numbers.
  let kind: NumberKind
  /// The numbers, `[count, height * width]`.
  var values: [Float]
  /// The file of each image; empty for an array.
  var files: [String] = []
  /// Whether the numbers are bytes, of which 255 is white, as in a PNG file.
  var isOfBytes = false
  /// The folder of each image's class, if it has one; empty for an array.
  var labels: [String?] = []
  /// The identity of each file's image; empty for an array.
  var identities: [UInt64] = []
  /// The name of the array; empty for files.
  var name = ""

  /// The number of images.
  var count: Int { values.count / (height * width) }

  /// The position of a number, in words.
  func place(of index: Int) -> String {
    let (image, pixel) = index.quotientAndRemainder(dividingBy: height * width)
    let position = "row \(pixel / width), column \(pixel % width)"
    return files.isEmpty ? "\(origin), image \(image), \(position)" : "\(files[image]), \(position)"
  }

  /// The smallest and the largest number.
  ///
  /// - Throws: ``UnusableImages`` where a number is not finite or outside 0...255, with its position.
  func range() throws(UnusableImages) -> ClosedRange<Float> {
    guard var low = values.first else { throw UnusableImages("\(origin) holds no images") }
    var high = low
    // Comparisons with NaN are false, so that this test finds NaN too.
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

/// Why the user's own images cannot be used, in words.
package struct UnusableImages: Error {
  package let reason: String

  init(_ reason: String) {
    self.reason = reason
  }
}

/// How numbers are scaled to intensities in [0, 1].
enum ImageScale: Sendable, Hashable {
  case unchanged
  case dividedBy255

  /// The scale of images whose numbers lie in `range`.
  ///
  /// - Throws: ``UnusableImages`` where the greatest number is a fraction between 1 and 2, which fits neither scale.
  init(of range: ClosedRange<Float>, isOfBytes: Bool, kind: NumberKind) throws(UnusableImages) {
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

  /// The images of numbers: grey levels where whole numbers are divided by 255.
  func images(_ raw: RawImages) -> GreyImages {
    let (height, width, values) = (raw.height, raw.width, raw.values)
    return switch self {
    case .unchanged: GreyImages(height: height, width: width, pixels: values)
    case .dividedBy255 where values.allSatisfy { $0 == $0.rounded() }:
      GreyImages(height: height, width: width, levels: values.map { UInt8($0) })
    case .dividedBy255: GreyImages(height: height, width: width, pixels: values.map { $0 / 255 })
    }
  }

  /// The scale, in words.
  var words: String {
    switch self {
    case .unchanged: "taken as they are"
    case .dividedBy255: "divided by 255"
    }
  }
}
