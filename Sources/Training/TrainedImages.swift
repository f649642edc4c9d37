import Foundation
import ImageDatasets

/// Which images a run was trained on, by their identities: it answers for any image, whatever became of the data since.
public struct TrainedImages: Sendable, Equatable {
  private var identities: Set<UInt64>

  /// The images of these identities.
  public init(_ identities: some Sequence<UInt64>) { self.identities = Set(identities) }

  /// How many different images they are.
  public var count: Int { identities.count }

  /// How many of some images were trained on.
  public func count(among images: [UInt64]) -> Int { images.count(where: identities.contains) }

  /// How many of them are not among some images.
  func missing(among images: [UInt64]) -> Int { identities.subtracting(images).count }

  /// Those of both.
  func union(_ other: TrainedImages) -> TrainedImages { TrainedImages(identities.union(other.identities)) }

  /// The identities in ascending order, eight bytes each from the lowest, in base 64.
  var encoded: String {
    identities.sorted().withUnsafeBytes { Data($0) }.base64EncodedString()
  }

  /// The images that ``encoded`` has written; nil for another text.
  init?(encoded: String) {
    guard let data = Data(base64Encoded: encoded), data.count.isMultiple(of: 8) else { return nil }
    let bytes = [UInt8](data)
    identities = Set(
      stride(from: 0, to: bytes.count, by: 8).map { start in
        (0..<8).reduce(0) { $0 | UInt64(bytes[start + $1]) << (8 * UInt64($1)) }
      })
  }
}

extension TrainingConfiguration {
  /// How images that the model draws look: as those that it was trained on were given.
  public var polarity: ImagePolarity {
    if DatasetCatalog.isKnown(dataset) { return model.likelihood == .bernoulli ? .ink : .light }
    return preparation.isInverted ? .ink : .light
  }
}

extension TrainingState {
  /// Takes the images of a dataset for those that the run is trained on.
  ///
  /// - Parameters:
  ///   - training: The identities of those of the training images that are used.
  ///   - allowingChange: Whether the run may go on with other data than those it began with.
  /// - Throws: ``TrainingError/changedData(_:)`` where the data are not the run's.
  mutating func adopt(
    _ dataset: ImageDataset, training: [UInt64], allowingChange: Bool
  ) throws(TrainingError) {
    let digest = dataset.digest
    let isUnknown = configuration.dataDigest == nil
    let mayDiffer = isUnknown && (progress.step == 0 || DatasetCatalog.isKnown(configuration.dataset))
    if configuration.dataDigest != digest, !mayDiffer, !allowingChange {
      let known = trainedImages.map { trained in
        "\(trained.count) images were trained on, of which \(trained.missing(among: training)) are no training images "
          + "now; of the \(training.count) training images that there are now, "
          + "\(training.count - trained.count(among: training)) are new to the run"
      }
      throw .changedData(
        "the images of \(configuration.dataset) are not those that the run began with: "
          + (known ?? "the checkpoint does not say which it was trained on, and splits were made otherwise then"))
    }
    configuration.dataDigest = digest
    let images = TrainedImages(training)
    trainedImages = trainedImages.map { $0.union(images) } ?? images
  }

  /// What there is to say before images are used whose figures training may have bettered; nil where there is nothing.
  ///
  /// - Parameters:
  ///   - dataset: The dataset that the images are of.
  ///   - isOfRun: Whether it is the one that the run names, wherever it is now.
  ///   - selection: Which part of it they are.
  ///   - identities: The images.
  public func warning(
    about dataset: ImageDataset, isOfRun: Bool, _ selection: ImageSelection, _ identities: [UInt64]
  ) -> String? {
    guard let digest = configuration.dataDigest, let trainedImages else {
      guard isOfRun, dataset.origins != nil, progress.step > 0 || configuration.dataDigest != nil else { return nil }
      return "the checkpoint does not say which images it was trained on; some of these may be among them"
    }
    let count = trainedImages.count(among: identities)
    let words = "\(count) of the \(identities.count) images used here were trained on"
    if isOfRun, digest != dataset.digest {
      return "the images of \(dataset.name) are not those of the run, by their digest: \(words)"
    }
    // Training images that were asked for are no surprise.
    return count > 0 && selection != .train ? words : nil
  }
}
