/// An image of a person's own: where it is from.
public struct ImageRecord: Sendable, Hashable {
  /// What tells it from others, by its content as it was read; see ``ImageIdentity``.
  public let identity: UInt64
  /// The path of its file within the folder, or its place in an array: `train[17]`.
  public let file: String
  /// The folder of its class, if it is in one.
  public let label: String?
  /// Its place among all images, in the order of the files.
  public let position: Int
}

/// Which shade stands for an intensity of 1 where images are drawn.
public enum ImagePolarity: Sendable, Hashable {
  /// Ink: 1 is black, and paper is white.
  case ink
  /// Light: 1 is white.
  case light
}

/// What is known of a person's own images besides their pixels.
public struct OwnImageOrigins: Sendable {
  /// Where each image of each split is from, in order.
  public var records: [DatasetSplit: [ImageRecord]] = [:]
  /// The files in the folder that are no images of the dataset, in the order of their paths.
  public var ignored: [String] = []
  /// What was changed about the images in reading them that a person may not expect, in words.
  public var remarks: [String] = []
  /// How the images were given, and are drawn.
  public var polarity = ImagePolarity.light
}

/// Which images of a dataset to use.
public enum ImageSelection: String, Sendable, CaseIterable {
  case test, validation, train
  /// Every image of every split.
  case all

  /// The split, if it is one.
  public var split: DatasetSplit? { DatasetSplit(rawValue: rawValue) }
}

/// Images of a dataset, with where they are from.
public struct SelectedImages: Sendable {
  /// The images as the dataset has them.
  public let images: GreyImages
  /// What tells each from others.
  public let identities: [UInt64]
  /// Where each is from; none for a dataset known by name.
  public let records: [ImageRecord]

  /// Some of them, in the order of `places`.
  public func selecting(_ places: [Int]) -> SelectedImages {
    SelectedImages(
      images: images.selecting(places), identities: places.map { identities[$0] },
      records: records.isEmpty ? [] : places.map { records[$0] })
  }
}

extension ImageDataset {
  /// The images of a split, or of all: a person's own in the order of their files, others split after split.
  public func images(_ selection: ImageSelection) -> SelectedImages {
    let splits = selection.split.map { [$0] } ?? DatasetSplit.allCases
    let pixels = splits.count == 1 ? self[splits[0]].pixels : splits.flatMap { self[$0].pixels }
    let records = splits.flatMap { origins?.records[$0] ?? [] }
    let all = SelectedImages(
      images: GreyImages(height: height, width: width, pixels: pixels), identities: splits.flatMap(identities),
      records: records)
    guard selection == .all, !records.isEmpty else { return all }
    return all.selecting(records.indices.sorted { records[$0].position < records[$1].position })
  }

  /// What tells each image of a split from others.
  public func identities(of split: DatasetSplit) -> [UInt64] {
    origins?.records[split]?.map(\.identity) ?? self[split].identities
  }

  /// A digest of the images of all splits, in order, as they were read: 64 hexadecimal digits.
  public var digest: String { ImageIdentity.digest(of: DatasetSplit.allCases.map(identities)) }

  /// How the images were given, and are drawn: binary ones of a dataset known by name are ink.
  public var polarity: ImagePolarity { origins?.polarity ?? (pixels == .binary ? .ink : .light) }
}
