import Autodiff
import ImageDatasets
import Randomness
import Runs
import Tensors
import VariationalAutoencoder

/// Images that the decoder makes.
extension Evaluator {
  /// Reconstructions of images: the mean images that the decoder computes from a sample zT of each image's posterior.
  ///
  /// - Parameters:
  ///   - images: The images, as the model takes them.
  ///   - sample: Which of the posterior's samples, counted from zero.
  /// - Throws: `RunError.solve`; `RunError.undefinedResult`
  public func reconstructions(of images: GreyImages, sample: Int = 0) throws(RunError) -> GreyImages {
    var pixels: [Float] = []
    try forEachPosteriorSample(of: images, sample: sample) { (sample, numbers) throws(RunError) in
      pixels += try decoded(sample.flow.z.value, "reconstruction", numbers)
    }
    return GreyImages(height: images.height, width: images.width, pixels: pixels)
  }

  /// Checks that results are finite. Each takes an equal part of the tensor; `numbers` are their numbers.
  static func require(_ made: Tensor, _ what: String, _ numbers: Range<Int>) throws(RunError) {
    guard !made.isFinite, let place = made.firstNonFinite else { return }
    throw .undefinedResult(what, number: numbers.lowerBound + place / (made.count / numbers.count))
  }

  /// The pixels of the mean images that the decoder computes from latent codes.
  func decoded(_ z: Tensor, _ what: String, _ numbers: Range<Int>) throws(RunError) -> [Float] {
    // The decoder's output is what is checked: the mean of a pixel whose logit is infinite would be finite.
    let output = model.decoder(Variable(z), constants)
    try Self.require(output.value, what, numbers)
    return model.likelihood.mean(decoded: output).value.floats()
  }

  /// Decoded samples of the prior: mean images.
  ///
  /// - Throws: `RunError.undefinedResult`
  public func priorSamples(count: Int) throws(RunError) -> GreyImages {
    let latent = model.configuration.latent
    let stream = RandomStream(seed: seed, purpose: .priorSample)
    var pixels: [Float] = []
    for start in stride(from: 0, to: count, by: batchSize) {
      let size = min(batchSize, count - start)
      let z = Tensor(
        stream.normals((start * latent)..<((start + size) * latent)), shape: [size, latent])
      pixels += try decoded(z, "sample", start..<start + size)
    }
    return GreyImages(
      height: model.configuration.imageHeight, width: model.configuration.imageWidth, pixels: pixels)
  }
}

extension RandomPurpose {
  /// Samples of the prior.
  public static let priorSample = RandomPurpose(4)
}
