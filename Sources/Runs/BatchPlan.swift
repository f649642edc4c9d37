import Randomness

/// The order of the training images: each epoch shuffles them anew, and each step takes the next batch. The last batch
/// of an epoch may be smaller.
///
/// The order is a function of the seed and the step, so that a resumed run continues exactly as an uninterrupted one.
public struct BatchPlan: Sendable {
  /// The number of training images.
  public let imageCount: Int
  /// The number of images in a batch.
  public let batchSize: Int
  /// The seed of the shuffles.
  public let seed: UInt64

  /// A plan for a positive number of images in batches of a positive size.
  public init(imageCount: Int, batchSize: Int, seed: UInt64) {
    precondition(imageCount > 0 && batchSize > 0, "a plan needs images and a batch size")
    self.imageCount = imageCount
    self.batchSize = batchSize
    self.seed = seed
  }

  /// The number of steps of an epoch.
  public var stepsPerEpoch: Int { (imageCount + batchSize - 1) / batchSize }

  /// The epoch of a step, both counted from zero.
  public func epoch(ofStep step: Int) -> Int { step / stepsPerEpoch }

  /// The indices of the images in the order of an epoch, which is counted from zero.
  public func order(epoch: Int) -> [Int] {
    RandomStream(seed: seed, purpose: .shuffle, step: UInt64(epoch)).permutation(of: imageCount)
  }

  /// The range of the epoch's order that a step takes; the step is counted from zero.
  public func places(ofStep step: Int) -> Range<Int> {
    let start = (step % stepsPerEpoch) * batchSize
    return start..<min(start + batchSize, imageCount)
  }
}

extension RandomPurpose {
  /// The order of training images.
  public static let shuffle = RandomPurpose(5)
}
