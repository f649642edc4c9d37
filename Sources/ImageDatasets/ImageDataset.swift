import Randomness

/// A dataset in memory, divided into splits, and ready for a model.
///
/// Where pixels are binary, the validation and test images are binarized once and for all, so that all evaluations see
/// the same images. The training images may be grey; they are then binarized anew in each step (dynamic binarization).
/// Where pixels are grey, all splits stay as they were read.
public struct ImageDataset: Sendable {
  /// The name in the catalog, or the path of the user's own images.
  public let name: String
  /// The training images: grey where ``isTrainBinarizedDynamically``, otherwise of the kind of ``pixels``.
  public let train: GreyImages
  /// The validation images, of the kind of ``pixels``.
  public let validation: GreyImages
  /// The test images, of the kind of ``pixels``.
  public let test: GreyImages
  /// Whether the training images are grey and to be binarized anew each time they are used.
  public let isTrainBinarizedDynamically: Bool
  /// The kind of the pixels, which decides the likelihood.
  public let pixels: PixelKind
  /// Where the user's own images come from; nil for a known dataset.
  public let origins: OwnImageOrigins?
  /// The label of each image of each split, such as `digit 7`, where the dataset has labels. No model sees them.
  public let labels: [DatasetSplit: [String]]

  /// A dataset with the given splits, whose images must all have one size. Grey pixels cannot be binarized dynamically.
  /// A split has a label for each image, or none.
  public init(
    name: String, train: GreyImages, validation: GreyImages, test: GreyImages,
    isTrainBinarizedDynamically: Bool, pixels: PixelKind = .binary, origins: OwnImageOrigins? = nil,
    labels: [DatasetSplit: [String]] = [:]
  ) {
    precondition(
      pixels == .binary || !isTrainBinarizedDynamically,
      "ImageDataset: \(name) has grey pixels, which are not to be binarized")
    for split in [validation, test] {
      precondition(
        split.height == train.height && split.width == train.width,
        "ImageDataset: images of \(train.height) x \(train.width) and \(split.height) x \(split.width) pixels"
      )
    }
    for (split, images) in zip(DatasetSplit.allCases, [train, validation, test]) {
      let count = labels[split]?.count ?? images.count
      precondition(count == images.count, "ImageDataset: \(count) labels for \(images.count) images")
    }
    self.name = name
    self.train = train
    self.validation = validation
    self.test = test
    self.isTrainBinarizedDynamically = isTrainBinarizedDynamically
    self.pixels = pixels
    self.origins = origins
    self.labels = labels
  }

  /// A dataset from grey splits: validation and test images get a fixed binarization, training images stay grey.
  ///
  /// The binarization does not depend on the seed of a run, so that all runs have the same validation and test images.
  init(
    name: String, greyTrain: GreyImages, greyValidation: GreyImages, greyTest: GreyImages,
    labels: [DatasetSplit: [String]] = [:]
  ) {
    self.init(
      name: name, train: greyTrain,
      validation: greyValidation.binarized(
        using: RandomStream(seed: 0, purpose: .fixedBinarization, step: 1)),
      test: greyTest.binarized(using: RandomStream(seed: 0, purpose: .fixedBinarization, step: 2)),
      isTrainBinarizedDynamically: true, labels: labels)
  }

  /// The number of rows of an image.
  public var height: Int { train.height }

  /// The number of columns of an image.
  public var width: Int { train.width }

  /// The number of images in each split.
  public var counts: SplitCounts {
    SplitCounts(train: train.count, validation: validation.count, test: test.count)
  }

  /// The images of one split.
  public subscript(split: DatasetSplit) -> GreyImages {
    switch split {
    case .train: train
    case .validation: validation
    case .test: test
    }
  }
}
