import ImageDatasets
import Randomness
import Tensors

/// Out-of-distribution images, made from in-distribution ones.
public enum OutOfDistributionImages: String, Sendable, CaseIterable {
  /// The pixels of each image in random order: the same mean intensity without the shape.
  case noise
  /// Each image inverted, 1 - x: the same shape with the wrong background.
  case inverted

  /// As many out-of-distribution images as there are originals.
  ///
  /// - Parameters:
  ///   - originals: In-distribution images.
  ///   - seed: The seed of the order of the pixels.
  public func images(from originals: GreyImages, seed: UInt64) -> GreyImages {
    guard self == .noise else { return originals.inverted }
    var pixels: [Float] = []
    pixels.reserveCapacity(originals.count * originals.pixelCount)
    for image in 0..<originals.count {
      let order = RandomStream(seed: seed, purpose: .outliers, step: UInt64(image)).permutation(
        of: originals.pixelCount)
      let original = Array(originals[image])
      pixels += order.map { original[$0] }
    }
    return GreyImages(height: originals.height, width: originals.width, pixels: pixels)
  }
}

extension RandomPurpose {
  /// Images made unlike those of training.
  public static let outliers = RandomPurpose(12)
}
