import ImageDatasets
import Runs

/// Several reconstructions of each image, from different samples of its posterior, and how much they differ.
public struct PosteriorSpread: Sendable {
  /// The reconstructions: for each sample, those of all images.
  public let reconstructions: [GreyImages]
  /// The standard deviation of each pixel over the samples, from 0 to 1/2: the root of the mean squared distance from
  /// the mean.
  public let standardDeviation: GreyImages

  /// The spread of reconstructions: an array for each sample, at least one, of the same images.
  public init(_ reconstructions: [GreyImages]) {
    precondition(!reconstructions.isEmpty, "PosteriorSpread: no reconstructions")
    self.reconstructions = reconstructions
    let (first, n) = (reconstructions[0], Double(reconstructions.count))
    let pixels = reconstructions.map(\.pixels)
    let deviations = pixels[0].indices.map { pixel in
      let values = pixels.map { Double($0[pixel]) }
      let mean = values.reduce(0, +) / n
      return Float((values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n).squareRoot())
    }
    standardDeviation = GreyImages(height: first.height, width: first.width, pixels: deviations)
  }
}

extension Evaluator {
  /// Reconstructions of images from several samples of each one's posterior; the first sample is that of
  /// ``reconstructions(of:sample:)``.
  ///
  /// - Throws: `RunError.solve`; `RunError.undefinedResult`
  public func spread(of images: GreyImages, samples: Int) throws(RunError) -> PosteriorSpread {
    var all: [GreyImages] = []
    for sample in 0..<samples { all.append(try reconstructions(of: images, sample: sample)) }
    return PosteriorSpread(all)
  }
}
