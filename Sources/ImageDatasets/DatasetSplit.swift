import Randomness

/// A split of a dataset.
public enum DatasetSplit: String, CaseIterable, Sendable {
  /// The images whose likelihood is maximized.
  case train
  /// The images that decide when training stops and which parameters are kept.
  case validation
  /// The images that results are reported on.
  case test
}

/// The number of images in each split.
public struct SplitCounts: Sendable, Hashable {
  /// The number of training images.
  public let train: Int
  /// The number of validation images.
  public let validation: Int
  /// The number of test images.
  public let test: Int

  /// The given numbers of images, which must not be negative.
  public init(train: Int, validation: Int, test: Int) {
    precondition(train >= 0 && validation >= 0 && test >= 0, "SplitCounts: a negative number of images")
    self.train = train
    self.validation = validation
    self.test = test
  }

  /// The number of images of one split.
  public subscript(split: DatasetSplit) -> Int {
    switch split {
    case .train: train
    case .validation: validation
    case .test: test
    }
  }

  /// The number of images of all splits together.
  public var total: Int { train + validation + test }
}

extension RandomPurpose {
  /// Which images are of which split.
  public static let split = RandomPurpose(6)
}
