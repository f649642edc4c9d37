import Randomness

/// Grey images of one size: intensities in [0, 1], stored one image after another.
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
  /// The intensities, `[count, height * width]`, with an image's rows from the top.
  public let pixels: [Float]

  /// The number of pixels of an image.
  public var pixelCount: Int { height * width }

  /// Images of `height` rows and `width` columns.
  ///
  /// - Parameters:
  ///   - height: The number of rows, at least 1.
  ///   - width: The number of columns, at least 1.
  ///   - pixels: The intensities, `[count, height * width]`.
  public init(height: Int, width: Int, pixels: [Float]) {
    precondition(height > 0 && width > 0, "GreyImages: an image of \(height) x \(width) pixels has none")
    precondition(
      pixels.count.isMultiple(of: height * width),
      "GreyImages: \(pixels.count) intensities are no whole number of \(height) x \(width) images")
    self.count = pixels.count / (height * width)
    self.height = height
    self.width = width
    self.pixels = pixels
  }

  /// The intensities of one image, `[height * width]`, sharing the storage of all.
  public subscript(index: Int) -> ArraySlice<Float> {
    precondition(index >= 0 && index < count, "GreyImages: no image \(index) among \(count)")
    return pixels[index * pixelCount..<(index + 1) * pixelCount]
  }

  /// The images at `indices`, in that order; an index may occur more than once.
  public func selecting(_ indices: [Int]) -> GreyImages {
    var chosen = [Float]()
    chosen.reserveCapacity(indices.count * pixelCount)
    for index in indices {
      chosen += self[index]
    }
    return GreyImages(height: height, width: width, pixels: chosen)
  }

  /// The first `length` images, or all of them where there are fewer.
  public func prefix(_ length: Int) -> GreyImages {
    precondition(length >= 0, "GreyImages: a prefix of \(length) images")
    let kept = min(length, count)
    return GreyImages(height: height, width: width, pixels: Array(pixels[..<(kept * pixelCount)]))
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
    guard !pixels.isEmpty else { return 0 }
    var sum = 0.0
    for pixel in pixels {
      sum += Double(pixel)
    }
    return Float(sum / Double(pixels.count))
  }

  /// Whether all pixels are 0 or 1.
  public var isBinary: Bool { pixels.allSatisfy { $0 == 0 || $0 == 1 } }
}

extension RandomPurpose {
  /// Binary images drawn afresh from grey ones.
  public static let binarization = RandomPurpose(7)
  /// Binary images drawn once and for all from grey ones.
  public static let fixedBinarization = RandomPurpose(8)
}
