import ImageDatasets
import Inference

/// Rows of images along straight lines in latent space, each between the two originals that it joins.
struct InterpolationPicture {
  private let lines: [GreyImages]

  /// - Parameters:
  ///   - starts: The images at which the lines start.
  ///   - ends: As many images, at which they end.
  ///   - steps: The number of images on a line, both decoded ends included.
  ///   - evaluator: The evaluator of the model.
  init(from starts: GreyImages, to ends: GreyImages, steps: Int, with evaluator: Evaluator) throws {
    let decoded = try evaluator.interpolations(from: starts, to: ends, steps: steps)
    let columns = (0..<steps).map { step in
      decoded.selecting((0..<starts.count).map { $0 * steps + step })
    }
    lines = [starts] + columns + [ends]
  }

  /// The picture: a row for each line, with the originals set apart at its ends.
  func drawn(as polarity: ImagePolarity) -> PNGImage {
    ImageGrid(columns: 1).layOut(lines.map { $0.drawn(as: polarity) }, isApart: true)
  }
}
