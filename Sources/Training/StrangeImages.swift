import ImageDatasets
import Tensors

/// Images that no model of the originals should find likely, made from the originals.
public enum StrangeImages: String, Sendable, CaseIterable {
  /// The pixels of each image in random order: as much ink, and no shape.
  case noise
  /// Paper for ink and ink for paper: the shapes, on the wrong ground.
  case inverted

  /// As many images as there are originals.
  ///
  /// - Parameter seed: Where the order of the pixels begins.
  public func images(from originals: GreyImages, seed: UInt64) -> GreyImages {
    var pixels: [Float] = []
    pixels.reserveCapacity(originals.pixels.count)
    for image in 0..<originals.count {
      switch self {
      case .noise:
        let order = RandomStream(seed: seed, purpose: .outliers, step: UInt64(image))
          .permutation(of: originals.pixelCount)
        let original = Array(originals[image])
        pixels += order.map { original[$0] }
      case .inverted: pixels += originals[image].map { 1 - $0 }
      }
    }
    return GreyImages(height: originals.height, width: originals.width, pixels: pixels)
  }
}
