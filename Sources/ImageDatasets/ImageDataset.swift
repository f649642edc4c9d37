import Tensors

/// A dataset in memory, split and ready for a model.
///
/// Where pixels are binary, validation and test images hold zeros and ones, drawn once and for all, so that
/// two evaluations of one model see the same images. Training images may stay grey; then each epoch draws its
/// own zeros and ones from them. Where pixels are grey, every split stays as it was read.
public struct ImageDataset: Sendable {
  /// The name it has in the catalog, or the path of a person's own images.
  public let name: String
  /// The training images: grey where ``isTrainBinarizedDynamically``, else as ``pixels`` says.
  public let train: GreyImages
  /// The validation images, as ``pixels`` says.
  public let validation: GreyImages
  /// The test images, as ``pixels`` says.
  public let test: GreyImages
  /// True where zeros and ones are to be drawn afresh from the grey training images in each epoch.
  public let isTrainBinarizedDynamically: Bool
  /// What a pixel is, and so which likelihood fits.
  public let pixels: PixelKind
  /// Where a person's own images are from; nil for a dataset known by name.
  public let origins: OwnImageOrigins?

  /// A dataset of splits that all hold images of one size; grey pixels are not to be binarized.
  public init(
    name: String, train: GreyImages, validation: GreyImages, test: GreyImages,
    isTrainBinarizedDynamically: Bool, pixels: PixelKind = .binary, origins: OwnImageOrigins? = nil
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
    self.name = name
    self.train = train
    self.validation = validation
    self.test = test
    self.isTrainBinarizedDynamically = isTrainBinarizedDynamically
    self.pixels = pixels
    self.origins = origins
  }

  /// A dataset from grey splits: validation and test get their one fixed binarization, train stays grey.
  ///
  /// The numbers do not depend on any training seed, so every run meets the same validation and test images.
  init(name: String, greyTrain: GreyImages, greyValidation: GreyImages, greyTest: GreyImages) {
    self.init(
      name: name, train: greyTrain,
      validation: greyValidation.binarized(
        using: RandomStream(seed: 0, purpose: .fixedBinarization, step: 1)),
      test: greyTest.binarized(using: RandomStream(seed: 0, purpose: .fixedBinarization, step: 2)),
      isTrainBinarizedDynamically: true)
  }

  /// The number of rows of an image.
  public var height: Int { train.height }

  /// The number of columns of an image.
  public var width: Int { train.width }

  /// The number of images of each split.
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
