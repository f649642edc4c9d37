import Autodiff
import ImageDatasets
import Runs
import Tensors
import VariationalAutoencoder

/// The latent codes of images, each `[images, latent]`.
public struct LatentCodes: Sendable {
  /// The mean of q(z0 given x).
  public let mean: Tensor
  /// The diagonal of the covariance of q(z0 given x).
  public let variance: Tensor
  /// A sample of q(z0 given x), or its mean.
  public let z0: Tensor
  /// The code z0 transformed by the flow.
  public let zT: Tensor

  /// The four arrays, with their names.
  public var arrays: [(name: String, tensor: Tensor)] {
    [("mean", mean), ("variance", variance), ("z0", z0), ("zT", zT)]
  }
}

extension Evaluator {
  /// The latent codes of images.
  ///
  /// - Parameters:
  ///   - images: The images, as the model takes them.
  ///   - isMean: Whether z0 is the posterior's mean, rather than a sample.
  ///   - report: Called after each batch, with the number of images done and the total.
  /// - Throws: `RunError.solve`; `RunError.undefinedResult`
  public func codes(
    of images: GreyImages, isMean: Bool = false, report: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(RunError) -> LatentCodes {
    var parts: [[Tensor]] = []
    try forEachPosteriorSample(of: images, isMean: isMean) { (sample, numbers) throws(RunError) in
      let codes = [sample.mean, sample.variance, sample.z0, sample.flow.z].map(\.value)
      for code in codes { try Self.require(code, "code", numbers) }
      parts.append(codes)
      report(numbers.upperBound, images.count)
    }
    let joined = (0..<4).map { code in Tensor.concatenation(parts.map { $0[code] }, axis: 0) }
    return LatentCodes(mean: joined[0], variance: joined[1], z0: joined[2], zT: joined[3])
  }

  /// Decoded images along straight lines in latent space, from each of `starts` to the image of `ends` with the same
  /// index.
  ///
  /// The ends of a line are the codes zT of the posteriors' means.
  ///
  /// - Parameters:
  ///   - starts: The images at the starts of the lines.
  ///   - ends: As many images, at their ends.
  ///   - steps: The number of images on a line, both ends included; at least two.
  /// - Returns: The images, line after line.
  /// - Throws: `RunError.solve`; `RunError.undefinedResult`
  public func interpolations(
    from starts: GreyImages, to ends: GreyImages, steps: Int
  ) throws(RunError) -> GreyImages {
    precondition(starts.count == ends.count && steps > 1, "interpolations: as many starts as ends, two steps")
    let a = try codes(of: starts, isMean: true).zT
    let b = try codes(of: ends, isMean: true).zT
    var pixels: [Float] = []
    for line in 0..<starts.count {
      let from = a.leading(line..<(line + 1))
      let to = b.leading(line..<(line + 1))
      let points = (0..<steps).map { step in
        let share = Double(step) / Double(steps - 1)
        return Tensor.linearCombination([(1 - share, from), (share, to)])
      }
      pixels += try decoded(
        .concatenation(points, axis: 0), "interpolated image", line * steps..<(line + 1) * steps)
    }
    return GreyImages(height: starts.height, width: starts.width, pixels: pixels)
  }
}
