import Foundation
import ImageDatasets

/// The images that a run was trained on, by their identities. It can be asked about any image, even if the data have
/// changed since.
public struct TrainedImages: Sendable, Equatable {
  private var identities: Set<UInt64>

  /// The images with the given identities.
  public init(_ identities: some Sequence<UInt64>) { self.identities = Set(identities) }

  /// The number of distinct images.
  public var count: Int { identities.count }

  /// How many of the given images, by identity, were trained on.
  public func count(among images: [UInt64]) -> Int { images.count(where: identities.contains) }

  /// How many of the images trained on are not among the given images.
  func missing(among images: [UInt64]) -> Int { identities.subtracting(images).count }

  /// The images of both.
  func union(_ other: TrainedImages) -> TrainedImages { TrainedImages(identities.union(other.identities)) }

  /// The identities in ascending order, as little-endian 64-bit integers in base 64.
  var encoded: String {
    identities.sorted().withUnsafeBytes { Data($0) }.base64EncodedString()
  }

  /// The images of an ``encoded`` text; nil for an invalid text.
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
  /// How the model's images are drawn: like those that it was trained on.
  public var polarity: ImagePolarity {
    DatasetCatalog.known(dataset)?.pixels.polarity ?? (preparation.isInverted ? .ink : .light)
  }
}

extension TrainingState {
  /// Adopts a dataset as the one that the run is trained on.
  ///
  /// - Parameters:
  ///   - dataset: The dataset.
  ///   - training: The identities of the training images that are used.
  ///   - allowingChange: Whether the run may continue with other data than those it began with.
  /// - Throws: ``RunError/changedData(_:)`` where the data are not those of the run.
  package mutating func adopt(
    _ dataset: ImageDataset, training: [UInt64], allowingChange: Bool
  ) throws(RunError) {
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

  /// A warning where some of the images to be used were trained on, so that results on them are too good; nil where
  /// there is nothing to warn about.
  ///
  /// - Parameters:
  ///   - dataset: The dataset of the images.
  ///   - isOfRun: Whether it is the run's dataset, which may have moved.
  ///   - selection: Which part of the dataset they are.
  ///   - identities: The identities of the images.
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
    // No warning where training images were asked for.
    return count > 0 && selection != .train ? words : nil
  }
}
