import ImageDatasets
import Inference
import Runs
import TensorBoard

/// The pictures of a run at the end of an epoch.
struct EpochPictures {
  let evaluator: Evaluator
  /// How images are drawn.
  let polarity: ImagePolarity

  /// The first images, each with its reconstruction on its right.
  ///
  /// - Throws: `RunError.solve`
  func reconstructions(of images: GreyImages) throws -> Picture {
    let shown = images.prefix(min(images.count, 40))
    let grid = ImageGrid.pairs(
      originals: shown.drawn(as: polarity),
      reconstructions: try evaluator.reconstructions(of: shown).drawn(as: polarity), columns: 5)
    return try Picture(grid, tag: "reconstructions")
  }

  /// Decoded samples of the prior. The samples are the same in each epoch, so that the pictures can be compared.
  func samples() throws -> Picture {
    try Picture(ImageGrid.images(evaluator.priorSamples(count: 64).drawn(as: polarity), columns: 8), tag: "samples")
  }
}

extension Picture {
  fileprivate init(_ image: PNGImage, tag: String) throws {
    self.init(tag: tag, png: try image.encoded(), height: image.height, width: image.width)
  }
}
