/// The record of one of the user's own images: where it comes from.
public struct ImageRecord: Sendable, Hashable {
  /// The identity of the image as it was read; see ``ImageIdentity``.
  public let identity: UInt64
  /// The path of its file within the folder, or its index in an array: `train[17]`.
  public let file: String
  /// The folder of its class; nil where there is none.
  public let label: String?
  /// Its index among all images, in the order of the files.
  public let position: Int
}

/// How intensities are drawn.
public enum ImagePolarity: Sendable, Hashable {
  /// Ink on paper: an intensity of 1 is black.
  case ink
  /// Light: an intensity of 1 is white.
  case light
}

/// What is known about the user's own images besides their pixels.
public struct OwnImageOrigins: Sendable {
  /// The record of each image of each split, in order.
  public var records: [DatasetSplit: [ImageRecord]] = [:]
  /// The files in the folder that were not used, in the order of their paths.
  public var ignored: [String] = []
  /// Changes in reading the images that the user may not expect, in words.
  public var remarks: [String] = []
  /// How the images are drawn.
  public var polarity = ImagePolarity.light
}

/// Which images of a dataset to use.
public enum ImageSelection: String, Sendable, CaseIterable {
  /// The images of one split.
  case test, validation, train
  /// The images of all splits.
  case all

  /// The split; nil for all.
  public var split: DatasetSplit? { DatasetSplit(rawValue: rawValue) }
}

/// Selected images of a dataset, with their identities and records.
public struct SelectedImages: Sendable {
  /// The images, as they are in the dataset.
  public let images: GreyImages
  /// The identity of each image.
  public let identities: [UInt64]
  /// The record of each image; empty for a known dataset.
  public let records: [ImageRecord]
  /// The label of each image, empty for one without; an empty list where no image has one.
  public let labels: [String]

  /// The images at `places`, in that order.
  public func selecting(_ places: [Int]) -> SelectedImages {
    SelectedImages(
      images: images.selecting(places), identities: places.map { identities[$0] },
      records: records.isEmpty ? [] : places.map { records[$0] },
      labels: labels.isEmpty ? [] : places.map { labels[$0] })
  }
}

extension ImageDataset {
  /// The images of a split, or of all splits: the user's own in the order of their files, others split after split.
  public func images(_ selection: ImageSelection) -> SelectedImages {
    let splits = selection.split.map { [$0] } ?? DatasetSplit.allCases
    let records = splits.flatMap { origins?.records[$0] ?? [] }
    let all = SelectedImages(
      images: GreyImages(joining: splits.map { self[$0] }), identities: splits.flatMap(identities), records: records,
      labels: labels(of: splits))
    guard selection == .all, !records.isEmpty else { return all }
    return all.selecting(records.indices.sorted { records[$0].position < records[$1].position })
  }

  /// The labels of the images of splits, in order: the folders of the user's own images, or the dataset's.
  private func labels(of splits: [DatasetSplit]) -> [String] {
    let records = splits.flatMap { origins?.records[$0] ?? [] }
    if !records.isEmpty {
      return records.contains { $0.label != nil } ? records.map { $0.label ?? "" } : []
    }
    return splits.allSatisfy { labels[$0] != nil } ? splits.flatMap { labels[$0] ?? [] } : []
  }

  /// The identities of the images of a split, in order.
  public func identities(of split: DatasetSplit) -> [UInt64] {
    origins?.records[split]?.map(\.identity) ?? self[split].identities
  }

  /// A digest of the images of all splits, as they were read and in order: 64 hexadecimal digits.
  public var digest: String { ImageIdentity.digest(of: DatasetSplit.allCases.map(identities)) }

  /// How the images are drawn: the binary ones of a known dataset are ink.
  public var polarity: ImagePolarity { origins?.polarity ?? pixels.polarity }
}
