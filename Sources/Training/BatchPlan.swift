import ImageDatasets
import Tensors

/// Which images a step sees: every epoch its own order, each step the next batch of it, the last one perhaps short.
///
/// A function of the seed and the step, so that a resumed run goes on where an uninterrupted one would be.
public struct BatchPlan: Sendable {
  public let imageCount: Int
  public let batchSize: Int
  public let seed: UInt64

  public init(imageCount: Int, batchSize: Int, seed: UInt64) {
    precondition(imageCount > 0 && batchSize > 0, "a plan needs images and a batch size")
    self.imageCount = imageCount
    self.batchSize = batchSize
    self.seed = seed
  }

  public var stepsPerEpoch: Int { (imageCount + batchSize - 1) / batchSize }

  /// The epoch of a step, both counted from zero.
  public func epoch(ofStep step: Int) -> Int { step / stepsPerEpoch }

  /// The order of the images in an epoch, counted from zero.
  public func order(epoch: Int) -> [Int] {
    RandomStream(seed: seed, purpose: .shuffle, step: UInt64(epoch)).permutation(of: imageCount)
  }

  /// The places, within the epoch's order, that a step takes.
  public func places(ofStep step: Int) -> Range<Int> {
    let start = (step % stepsPerEpoch) * batchSize
    return start..<min(start + batchSize, imageCount)
  }
}
