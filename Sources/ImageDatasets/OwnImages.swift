import Files
import Foundation
import Tensors

extension DatasetDescription {
  /// A person's own images: an NPZ, NPY or MAT file, or a folder of PNG files.
  ///
  /// They are read here, for only they say how many and how large they are. Images of zeros and ones alone
  /// are binary, all others grey and never binarized. `read` reports what was found and how it was
  /// understood.
  ///
  /// - Throws: ``DatasetError/missingPath(path:)``, ``DatasetError/unusable(path:reason:)`` with the place of
  ///   what is wrong, ``DatasetError/tooLarge(path:claim:limit:)``, ``DatasetError/unreadable(path:reason:)``.
  public static func ownImages(
    at path: String, memoryLimit: MemoryLimit = .standard
  ) throws(DatasetError) -> DatasetDescription {
    let (dataset, account) = try OwnImages(path: path, memoryLimit: memoryLimit).read()
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

/// Reads a person's own images and makes them a dataset.
struct OwnImages: Sendable {
  /// The path, as the person wrote it.
  let path: String
  /// How much memory the images may take.
  var memoryLimit = MemoryLimit.standard

  /// The dataset, and an account of what was read: counts, sizes, values, scale and split.
  func read() throws(DatasetError) -> (dataset: ImageDataset, account: String) {
    let url = URL(fileURLWithPath: (path as NSString).expandingTildeInPath)
    do throws(DatasetError) {
      let contents = try contents(url)
      do throws(UnusableImages) {
        return try dataset(contents)
      } catch {
        throw .unusable(path: url.path, reason: error.reason)
      }
    } catch {
      // There is no published file to compare a person's own with, so the remedy is another.
      if case .malformed(let path, let reason) = error { throw .unusable(path: path, reason: reason) }
      throw error
    }
  }

  private func contents(_ url: URL) throws(DatasetError) -> ArrayFile.Contents {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory) else {
      throw .missingPath(path: url.path)
    }
    if isDirectory.boolValue {
      let (parts, leftOut) = try PNGFolder.read(url, memoryLimit: memoryLimit)
      return ArrayFile.Contents(parts: parts, leftOut: leftOut)
    }
    switch url.pathExtension.lowercased() {
    case "npz": return try ArrayFile.readNPZ(url, memoryLimit: memoryLimit)
    case "npy": return try ArrayFile.readNPY(url)
    case "mat": return try ArrayFile.readMAT(url, memoryLimit: memoryLimit)
    default:
      throw .unusable(
        path: url.path,
        reason: "it is no .npz, .npy or .mat file and no folder of PNG files, and nothing else "
          + "can be read")
    }
  }

  private func dataset(
    _ contents: ArrayFile.Contents
  ) throws(UnusableImages) -> (dataset: ImageDataset, account: String) {
    let given = DatasetSplit.allCases.compactMap { split in contents.parts[split].map { (split, $0) } }
    guard let (_, first) = given.first else { throw UnusableImages("it holds no images") }
    var (low, high) = (Float.infinity, -Float.infinity)
    for (_, part) in given {
      guard (part.height, part.width) == (first.height, first.width) else {
        throw UnusableImages(
          "\(first.origin) holds images of \(first.height) x \(first.width) and \(part.origin) of "
            + "\(part.height) x \(part.width); all must be of one size")
      }
      let range = try part.range()
      (low, high) = (min(low, range.lowerBound), max(high, range.upperBound))
    }
    // One scale for all splits, or a dark test set would be taken for another kind of numbers.
    let isFloating = given.contains { $0.1.kind == .floating }
    let scale = try ImageScale(
      of: low...high, isOfBytes: first.isOfBytes, kind: isFloating ? .floating : first.kind)
    var splits = [DatasetSplit: GreyImages]()
    for (split, part) in given {
      splits[split] = GreyImages(
        height: part.height, width: part.width, pixels: scale.intensities(part.values))
    }
    let cut = try Self.cutMissing(&splits)
    let empty = GreyImages(height: first.height, width: first.width, pixels: [])
    let pixels: PixelKind = splits.values.allSatisfy(\.isBinary) ? .binary : .grey
    let dataset = ImageDataset(
      name: path, train: splits[.train] ?? empty, validation: splits[.validation] ?? empty,
      test: splits[.test] ?? empty, isTrainBinarizedDynamically: false, pixels: pixels)
    let origins = given.map { "\($0.1.origin) (\($0.1.count))" }.joined(separator: ", ")
    let counts = dataset.counts
    let account = [
      "\(path): \(counts.total) images of \(first.height) x \(first.width) from \(origins)"
        + (contents.layout.isEmpty ? "" : ", read as \(contents.layout)"),
      "numbers from \(low) to \(high), \(scale.words): \(pixels.rawValue) images"
        + (pixels == .binary ? " of zeros and ones" : ", which are not binarized"),
      "\(counts.train) for training, \(counts.validation) for validation, \(counts.test) for testing: \(cut)",
    ]
    let leftOut = contents.leftOut.map { "'\($0)'" }.joined(separator: ", ")
    return (dataset, (account + (leftOut.isEmpty ? [] : ["left out: \(leftOut)"])).joined(separator: "\n"))
  }

  /// Cuts the splits that are missing from the training images, shuffled the same way every time, and says
  /// so.
  ///
  /// Each is a tenth of the images there were, at least one.
  private static func cutMissing(_ splits: inout [DatasetSplit: GreyImages]) throws(UnusableImages) -> String {
    let missing = [DatasetSplit.validation, .test].filter { splits[$0] == nil }
    guard !missing.isEmpty, let all = splits[.train] else { return "as named there" }
    let tenth = max(1, all.count / 10)
    guard all.count > missing.count * tenth else {
      throw UnusableImages(
        "\(all.count) training image\(all.count == 1 ? "" : "s") cannot be split; give more, or name the "
          + "splits")
    }
    let order = RandomStream(seed: 0, purpose: .split, step: 2).permutation(of: all.count)
    var end = all.count
    for split in missing.reversed() {
      splits[split] = all.selecting(Array(order[end - tenth..<end]))
      end -= tenth
    }
    splits[.train] = all.selecting(Array(order[..<end]))
    let names = missing.map(\.rawValue).joined(separator: " and ")
    return "\(names) cut from the shuffled training images, a tenth each, the same ones every time"
  }
}
