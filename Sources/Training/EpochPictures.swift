import ImageDatasets
import TensorBoard

/// The pictures that a run draws at the end of an epoch, from its model as it is then.
struct EpochPictures {
  let evaluator: Evaluator
  /// How images are drawn.
  let polarity: ImagePolarity

  /// The first images, each beside its reconstruction.
  ///
  /// - Throws: ``TrainingError/solve(step:_:)``
  func reconstructions(of images: GreyImages) throws -> Picture {
    let shown = images.prefix(min(images.count, 40))
    let grid = ImageGrid.pairs(
      originals: shown.drawn(as: polarity),
      reconstructions: try evaluator.reconstructions(of: shown).drawn(as: polarity), columns: 5)
    return try Picture(grid, tag: "reconstructions")
  }

  /// Images that the decoder makes of samples of the prior: the same samples in each epoch, so that pictures can be compared.
  func samples() throws -> Picture {
    try Picture(ImageGrid.images(evaluator.priorSamples(count: 64).drawn(as: polarity), columns: 8), tag: "samples")
  }
}

extension Picture {
  fileprivate init(_ image: PNGImage, tag: String) throws {
    self.init(tag: tag, png: try image.encoded(), height: image.height, width: image.width)
  }
}
