import Randomness

/// Grey images of one size: intensities in [0, 1], stored one image after another, or grey levels in bytes.
///
/// Images of levels take a quarter of the memory, and a likelihood of levels has them as they were read.
///
/// ```swift
/// let images = GreyImages(height: 2, width: 2, pixels: [0, 1, 1, 0, 0.5, 0.5, 0, 0])
/// images.count           // 2
/// Array(images[0])       // [0, 1, 1, 0]
/// let binary = images.binarized(using: RandomStream(seed: 1, purpose: .binarization))
/// ```
public struct GreyImages: Sendable, Hashable {
  /// The number of images.
  public let count: Int
  /// The number of rows of an image.
  public let height: Int
  /// The number of columns of an image.
  public let width: Int
  private let storage: Storage

  private enum Storage: Hashable {
    case intensities([Float])
    case levels([UInt8])
  }

  /// The intensities, `[count, height * width]`, with an image's rows from the top; level / 255 where levels are stored.
  public var pixels: [Float] {
    switch storage {
    case .intensities(let pixels): pixels
    case .levels(let levels): levels.map(Self.intensity)
    }
  }

  /// The grey levels from 0 (black) to 255 (white), `[count, height * width]`; nil where intensities are stored.
  public var levels: [UInt8]? {
    if case .levels(let levels) = storage { levels } else { nil }
  }

  /// The number of pixels of an image.
  public var pixelCount: Int { height * width }

  /// Images of `height` rows and `width` columns.
  ///
  /// - Parameters:
  ///   - height: The number of rows, at least 1.
  ///   - width: The number of columns, at least 1.
  ///   - pixels: The intensities, `[count, height * width]`.
  public init(height: Int, width: Int, pixels: [Float]) {
    self.init(height, width, .intensities(pixels), numbers: pixels.count)
  }

  /// Images of `height` rows and `width` columns.
  ///
  /// - Parameters:
  ///   - height: The number of rows, at least 1.
  ///   - width: The number of columns, at least 1.
  ///   - levels: The grey levels from 0 (black) to 255 (white), `[count, height * width]`.
  public init(height: Int, width: Int, levels: [UInt8]) {
    self.init(height, width, .levels(levels), numbers: levels.count)
  }

  /// All images of `parts`, which are of one size, part after part: levels if all of them are.
  ///
  /// - Precondition: There is a part.
  public init(joining parts: [GreyImages]) {
    let (height, width) = (parts[0].height, parts[0].width)
    precondition(
      parts.allSatisfy { ($0.height, $0.width) == (height, width) }, "GreyImages: images of several sizes")
    let levels = parts.compactMap(\.levels)
    if levels.count == parts.count {
      self.init(height: height, width: width, levels: Array(levels.joined()))
    } else {
      self.init(height: height, width: width, pixels: parts.flatMap(\.pixels))
    }
  }

  private init(_ height: Int, _ width: Int, _ storage: Storage, numbers: Int) {
    precondition(height > 0 && width > 0, "GreyImages: an image of \(height) x \(width) pixels has none")
    precondition(
      numbers.isMultiple(of: height * width),
      "GreyImages: \(numbers) pixels are no whole number of \(height) x \(width) images")
    count = numbers / (height * width)
    (self.height, self.width, self.storage) = (height, width, storage)
  }

  /// Division rather than multiplication by the reciprocal, so that floor(255 x) is the level again.
  private static func intensity(_ level: UInt8) -> Float { Float(level) / 255 }

  /// The intensities of one image, `[height * width]`.
  public subscript(index: Int) -> ArraySlice<Float> {
    switch storage {
    case .intensities(let pixels): pixels[places(of: index)]
    case .levels(let levels): levels[places(of: index)].map(Self.intensity)[...]
    }
  }

  private func places(of index: Int) -> Range<Int> {
    precondition(index >= 0 && index < count, "GreyImages: no image \(index) among \(count)")
    return index * pixelCount..<(index + 1) * pixelCount
  }

  /// The images at `indices`, in that order; an index may occur more than once.
  public func selecting(_ indices: [Int]) -> GreyImages {
    func chosen<Number>(_ all: [Number]) -> [Number] {
      var chosen: [Number] = []
      chosen.reserveCapacity(indices.count * pixelCount)
      for index in indices { chosen += all[places(of: index)] }
      return chosen
    }
    switch storage {
    case .intensities(let pixels): return GreyImages(height: height, width: width, pixels: chosen(pixels))
    case .levels(let levels): return GreyImages(height: height, width: width, levels: chosen(levels))
    }
  }

  /// The images with black and white exchanged: 1 - x, or 255 - level.
  public var inverted: GreyImages {
    switch storage {
    case .intensities(let pixels): GreyImages(height: height, width: width, pixels: pixels.map { 1 - $0 })
    case .levels(let levels): GreyImages(height: height, width: width, levels: levels.map { 255 - $0 })
    }
  }

  /// The first `length` images, or all of them where there are fewer.
  public func prefix(_ length: Int) -> GreyImages {
    precondition(length >= 0, "GreyImages: a prefix of \(length) images")
    let kept = min(length, count) * pixelCount
    return switch storage {
    case .intensities(let pixels): GreyImages(height: height, width: width, pixels: Array(pixels[..<kept]))
    case .levels(let levels): GreyImages(height: height, width: width, levels: Array(levels[..<kept]))
    }
  }

  /// Random binary images: each pixel is 1 with its intensity as probability, and otherwise 0.
  ///
  /// Pixel `p` of image `i` uses the number of index `(firstImage + i) * height * width + p`, so that part of a batch
  /// is binarized as it would be within the whole batch.
  ///
  /// - Parameters:
  ///   - stream: Where the uniform numbers come from.
  ///   - firstImage: The index of the first image in the batch that these images are a part of.
  public func binarized(using stream: RandomStream, firstImage: Int = 0) -> GreyImages {
    let offset = firstImage * pixelCount
    let pixels = pixels
    let binary = [Float](unsafeUninitializedCapacity: pixels.count) { result, written in
      pixels.withUnsafeBufferPointer { pixels in
        for index in pixels.indices {
          let intensity = pixels[index]
          // Most intensities are 0 or 1, where the number cannot matter and need not be drawn.
          if intensity <= 0 {
            result[index] = 0
          } else if intensity >= 1 {
            result[index] = 1
          } else {
            result[index] = stream.uniform(at: offset + index) < intensity ? 1 : 0
          }
        }
      }
      written = pixels.count
    }
    return GreyImages(height: height, width: width, pixels: binary)
  }

  /// The mean intensity over all pixels of all images; 0 where there are no images.
  public var mean: Float {
    guard count > 0 else { return 0 }
    let pixels = pixels
    var sum = 0.0
    for pixel in pixels {
      sum += Double(pixel)
    }
    return Float(sum / Double(pixels.count))
  }

  /// Whether all pixels are 0 or 1.
  public var isBinary: Bool {
    switch storage {
    case .intensities(let pixels): pixels.allSatisfy { $0 == 0 || $0 == 1 }
    case .levels(let levels): levels.allSatisfy { $0 == 0 || $0 == 255 }
    }
  }
}

extension RandomPurpose {
  /// Binary images drawn afresh from grey ones.
  public static let binarization = RandomPurpose(7)
  /// Binary images drawn once and for all from grey ones.
  public static let fixedBinarization = RandomPurpose(8)
}
