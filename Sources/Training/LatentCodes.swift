import Autodiff
import ImageDatasets
import Tensors
import VariationalAutoencoder

/// What the posterior makes of images, each `[images, latent]`.
public struct LatentCodes: Sendable {
  /// Of q(z0 given x).
  public let mean: Tensor
  public let variance: Tensor
  /// A sample of q(z0 given x), and what the flow makes of it.
  public let z0: Tensor
  public let zT: Tensor

  /// The arrays under their names.
  public var arrays: [(name: String, tensor: Tensor)] {
    [("mean", mean), ("variance", variance), ("z0", z0), ("zT", zT)]
  }
}

extension Evaluator {
  /// The codes of images. With `isMean`, z0 is the posterior's mean, else a sample.
  ///
  /// - Throws: ``TrainingError/solve(step:_:)``
  public func codes(
    of images: GreyImages, isMean: Bool = false, report: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(TrainingError) -> LatentCodes {
    var parts: [ModelOutput] = []
    var solveSteps: [Double] = []
    for start in stride(from: 0, to: images.count, by: batchSize) {
      let batch = images.selecting(Array(start..<min(start + batchSize, images.count)))
      let output = try output(for: batch, firstImage: start, isMean: isMean, startingWith: solveSteps)
      solveSteps = output.flow.sustainableSteps
      for code in [output.mean, output.variance, output.z0, output.flow.z] {
        try Self.require(code.value, "code", start..<start + batch.count)
      }
      parts.append(output)
      report(min(start + batchSize, images.count), images.count)
    }
    func joined(_ part: (ModelOutput) -> Variable) -> Tensor {
      .concatenation(parts.map { part($0).value }, axis: 0)
    }
    return LatentCodes(
      mean: joined(\.mean), variance: joined(\.variance), z0: joined(\.z0), zT: joined { $0.flow.z })
  }

  /// Images along straight lines in latent space, from the code of each of `starts` to that of the image of `ends` at the
  /// same place: `steps` images a line, both ends included, line after line.
  ///
  /// The codes are zT of the posteriors' means.
  ///
  /// - Throws: ``TrainingError/solve(step:_:)``
  public func interpolations(
    from starts: GreyImages, to ends: GreyImages, steps: Int
  ) throws(TrainingError) -> GreyImages {
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
