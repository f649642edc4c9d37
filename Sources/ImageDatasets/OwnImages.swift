import Files
import Foundation

extension DatasetDescription {
  /// The user's own images: an NPZ, NPY or MAT file, or a folder of PNG and JPEG files.
  ///
  /// They are read here, since their number and size are not known otherwise. Images of zeros and ones alone are
  /// binary, all others grey unless `preparation` binarizes them. ``DatasetDescription/read`` reports what was found
  /// and how it was interpreted.
  ///
  /// - Parameters:
  ///   - path: The file or folder.
  ///   - preparation: How the images are prepared for a model.
  ///   - memoryLimit: How much memory they may take.
  /// - Throws: ``DatasetError/missingPath(path:)``, ``DatasetError/unusable(path:reason:)`` with the place of the
  ///   problem, ``DatasetError/tooLarge(path:claim:limit:)``, ``DatasetError/unreadable(path:reason:)``.
  public static func ownImages(
    at path: String, preparation: ImagePreparation = ImagePreparation(), memoryLimit: MemoryLimit = .standard
  ) throws(DatasetError) -> DatasetDescription {
    let images = OwnImages(path: path, preparation: preparation, memoryLimit: memoryLimit)
    let (dataset, account) = try images.read()
    return DatasetDescription(
      name: path,
      summary: "your own images, \(dataset.height) x \(dataset.width), \(dataset.pixels.rawValue)",
      height: dataset.height, width: dataset.width, pixels: dataset.pixels, counts: dataset.counts, files: [],
      ownPath: path,
      read: { _, report throws(DatasetError) in
        report(account)
        return dataset
      })
  }
}

/// Reads the user's own images as a dataset.
struct OwnImages: Sendable {
  /// The path, as the user wrote it.
  let path: String
  /// How the images are prepared for a model.
  var preparation = ImagePreparation()
  /// How much memory the images may take.
  var memoryLimit = MemoryLimit.standard

  /// The dataset, and an account of what was read: counts, sizes, values, scale, preparation and split.
  func read() throws(DatasetError) -> (dataset: ImageDataset, account: String) {
    let url = URL(fileURLWithPath: path.expandingTilde)
    do throws(DatasetError) {
      let contents = try contents(url)
      do throws(UnusableImages) {
        return try dataset(contents)
      } catch {
        throw .unusable(path: url.path, reason: error.reason)
      }
    } catch {
      // The remedy for a malformed published file, to compare checksums, does not apply to the user's own.
      if case .malformed(let path, let reason) = error { throw .unusable(path: path, reason: reason) }
      throw error
    }
  }

  private func contents(_ url: URL) throws(DatasetError) -> ImageArrayFile.Contents {
    guard let isDirectory = FileManager.default.isDirectory(atPath: url.path) else {
      throw .missingPath(path: url.path)
    }
    if isDirectory {
      let folder = try ImageFolder(url, resizedTo: preparation.size, memoryLimit: memoryLimit).read()
      return ImageArrayFile.Contents(
        parts: folder.parts, ignored: folder.ignored, colourCount: folder.colourCount, sizes: folder.sizes)
    }
    let sides = ImageLayout.sides(isResized: preparation.size != nil)
    switch url.pathExtension.lowercased() {
    case "npz": return try ImageArrayFile.readNPZ(url, sides: sides, memoryLimit: memoryLimit)
    case "npy": return try ImageArrayFile.readNPY(url, sides: sides)
    case "mat": return try ImageArrayFile.readMAT(url, sides: sides, memoryLimit: memoryLimit)
    default:
      throw .unusable(
        path: url.path,
        reason: "it is no .npz, .npy or .mat file and no folder of PNG or JPEG files, and nothing else "
          + "can be read")
    }
  }

  private func dataset(
    _ contents: ImageArrayFile.Contents
  ) throws(UnusableImages) -> (dataset: ImageDataset, account: String) {
    let given = DatasetSplit.allCases.compactMap { split in contents.parts[split].map { (split, $0) } }
    guard let (_, first) = given.first else { throw UnusableImages("it holds no images") }
    let (range, scale) = try Self.scale(given.map(\.1), isResized: preparation.size != nil)
    let preparer = ImagePreparer(preparation, scale: scale)
    var splits = [DatasetSplit: PreparedImages]()
    var sizes = contents.sizes
    var position = 0
    for (split, part) in given {
      if contents.sizes.isEmpty { sizes.insert(ImageSize(height: part.height, width: part.width)) }
      splits[split] = preparer.prepare(part, firstPosition: position)
      position += part.count
    }
    let cut = Self.cutMissing(&splits)
    let (images, pixels, isDynamic) = preparer.binarize(splits)
    var origins = OwnImageOrigins()
    origins.records = splits.mapValues(\.records)
    origins.ignored = contents.ignored
    origins.polarity = preparation.isInverted ? .ink : .light
    if contents.colourCount > 0 {
      origins.remarks.append(
        "\(contents.colourCount) of \(position) pictures are stored in colours, of which the luminance is taken")
    }
    let size = preparation.size ?? ImageSize(height: first.height, width: first.width)
    func of(_ split: DatasetSplit) -> GreyImages {
      images[split] ?? GreyImages(height: size.height, width: size.width, pixels: [])
    }
    let dataset = ImageDataset(
      name: path, train: of(.train), validation: of(.validation), test: of(.test),
      isTrainBinarizedDynamically: isDynamic, pixels: pixels, origins: origins)
    let counts = dataset.counts
    let from = given.map { "\($0.1.origin) (\($0.1.count))" }.joined(separator: ", ")
    var account = [
      "\(path): \(counts.total) images of \(size.height) x \(size.width) from \(from)"
        + (contents.layout.isEmpty ? "" : ", read as \(contents.layout)"),
      "numbers from \(range.lowerBound) to \(range.upperBound), \(scale.words): "
        + preparer.words(from: sizes, pixels),
      "\(counts.train) for training, \(counts.validation) for validation, \(counts.test) for testing: \(cut)",
    ]
    let leftOut = contents.leftOut.map { "'\($0)'" }.joined(separator: ", ")
    if !leftOut.isEmpty { account.append("left out: \(leftOut)") }
    return (dataset, account.joined(separator: "\n"))
  }

  /// The range of all numbers, and their scale. There is one scale for all splits, since that of a dark split alone
  /// would be misjudged.
  private static func scale(
    _ parts: [RawImages], isResized: Bool
  ) throws(UnusableImages) -> (range: ClosedRange<Float>, scale: ImageScale) {
    let first = parts[0]
    var (low, high) = (Float.infinity, -Float.infinity)
    for part in parts {
      guard isResized || (part.height, part.width) == (first.height, first.width) else {
        throw UnusableImages(
          "\(first.origin) holds images of \(first.height) x \(first.width) and \(part.origin) of "
            + "\(part.height) x \(part.width); all must be of one size, or be resized to one")
      }
      let range = try part.range()
      (low, high) = (min(low, range.lowerBound), max(high, range.upperBound))
    }
    let isFloating = parts.contains { $0.kind == .floating }
    let scale = try ImageScale(
      of: low...high, isOfBytes: first.isOfBytes, kind: isFloating ? .floating : first.kind)
    return (low...high, scale)
  }

  /// Takes the images of missing splits from the training images, each by its identity, and describes this in words.
  private static func cutMissing(_ splits: inout [DatasetSplit: PreparedImages]) -> String {
    let missing = [DatasetSplit.validation, .test].filter { splits[$0] == nil }
    guard !missing.isEmpty, let all = splits[.train] else { return "as named there" }
    // Sorted by identity, which is as good as shuffled, and does not depend on the names of the files.
    let order = all.records.indices.sorted {
      (all.records[$0].identity, $0) < (all.records[$1].identity, $1)
    }
    func part(_ isWanted: (DatasetSplit) -> Bool) -> PreparedImages {
      all.selecting(order.filter { isWanted(ContentSplit.split(of: all.records[$0].identity)) })
    }
    for split in missing { splits[split] = part { $0 == split } }
    splits[.train] = part { !missing.contains($0) }
    let names = missing.map(\.rawValue).joined(separator: " and ")
    return "\(names) cut from the training images by each one's content, about a tenth each; adding or removing images "
      + "moves no other"
  }
}
