import Files
import Foundation

/// Reads a folder of PNG and JPEG files. Subfolders named train, validation and test are splits; folders below them are
/// classes.
struct ImageFolder {
  /// The contents of a folder.
  struct Contents {
    /// The images by split. A single split, `train`, stands for all images.
    var parts: [DatasetSplit: RawImages] = [:]
    /// The paths of the files that are not used.
    var ignored: [String] = []
    /// How many pictures have colours.
    var colourCount = 0
    /// The sizes of the pictures, before they are resized.
    var sizes: Set<ImageSize> = []
  }

  private let url: URL
  /// The size to which pictures are resized; nil for none.
  private let size: ImageSize?
  /// How much memory the images may take.
  private let memoryLimit: MemoryLimit

  init(_ url: URL, resizedTo size: ImageSize? = nil, memoryLimit: MemoryLimit = .standard) {
    self.url = url
    self.size = size
    self.memoryLimit = memoryLimit
  }

  /// Reads the folder and all folders below it. Files are in the order of their paths; hidden files are not used.
  ///
  /// - Throws: ``DatasetError/unusable(path:reason:)`` with the file, ``DatasetError/tooLarge(path:claim:limit:)``,
  ///   ``DatasetError/unreadable(path:reason:)``.
  func read() throws(DatasetError) -> Contents {
    var contents = Contents()
    let paths: [String]
    (paths, contents.ignored) = try list()
    var byFolder = [String: [String]]()
    for path in paths {
      let parts = path.split(separator: "/")
      byFolder[parts.count > 1 ? String(parts[0]) : "", default: []].append(path)
    }
    guard byFolder.keys.contains(where: { SplitNames.split($0) != nil }) else {
      contents.parts[.train] = try images(paths, "the folder", depth: 0, &contents)
      return contents
    }
    let chosen: [DatasetSplit: String]
    let leftOut: [String]
    do throws(UnusableImages) {
      (chosen, leftOut) = try SplitNames.choose(
        among: byFolder.keys.sorted(), name: { $0 }, isUsable: { _ in true })
    } catch {
      throw .unusable(path: url.path, reason: error.reason)
    }
    for split in DatasetSplit.allCases {
      guard let folder = chosen[split] else { continue }
      contents.parts[split] = try images(byFolder[folder] ?? [], "the folder '\(folder)'", depth: 1, &contents)
    }
    contents.ignored = Self.sorted(contents.ignored + leftOut.flatMap { byFolder[$0] ?? [] })
    return contents
  }

  /// The paths of the pictures, and of all other files. A hidden folder counts as one file.
  private func list() throws(DatasetError) -> (pictures: [String], others: [String]) {
    let all: [String]
    do {
      all = try FileManager.default.subpathsOfDirectory(atPath: url.path)
    } catch {
      throw .unreadable(path: url.path, reason: error.plainReason)
    }
    var pictures = [String]()
    var others = [String]()
    for path in all {
      let parts = path.split(separator: "/")
      // The contents of a hidden folder are not listed, only the folder itself.
      if parts.dropLast().contains(where: { $0.hasPrefix(".") }) { continue }
      let file = url.appendingPathComponent(path).path
      let isFolder = FileManager.default.isDirectory(atPath: file) == true
      let isLink = (try? FileManager.default.destinationOfSymbolicLink(atPath: file)) != nil
      let isHidden = parts.last?.hasPrefix(".") == true
      if isFolder {
        if isHidden || isLink { others.append(path + "/") }
      } else if FileManager.default.isRegularFile(atPath: file) != true {
        // Reading a pipe may wait for ever; a link may lead nowhere.
        others.append(path)
      } else if !isHidden, [".png", ".jpg", ".jpeg"].contains(where: path.lowercased().hasSuffix) {
        pictures.append(path)
      } else {
        others.append(path)
      }
    }
    guard !pictures.isEmpty else {
      throw .unusable(path: url.path, reason: "it holds no PNG files and no JPEG files")
    }
    return (Self.sorted(pictures), Self.sorted(others))
  }

  /// Paths sorted by their bytes, which does not depend on the locale.
  private static func sorted(_ paths: [String]) -> [String] {
    paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// The pictures at the given paths. The first `depth` folders of a path belong to the split; the next is the class.
  private func images(
    _ paths: [String], _ origin: String, depth: Int, _ contents: inout Contents
  ) throws(DatasetError) -> RawImages {
    var raw = RawImages(origin: origin, height: 0, width: 0, kind: .integer, values: [], files: paths, isOfBytes: true)
    var resizing: [ImageSize: AreaAveraging] = [:]
    for (index, path) in paths.enumerated() {
      let file = url.appendingPathComponent(path)
      let (image, isColour) = try picture(file)
      let found = ImageSize(height: image.height, width: image.width)
      contents.colourCount += isColour ? 1 : 0
      contents.sizes.insert(found)
      let taken = size ?? found
      if index == 0 {
        (raw.height, raw.width) = (taken.height, taken.width)
        try checkMemory(paths, pixelCount: taken.height * taken.width)
        raw.values.reserveCapacity(paths.count * taken.height * taken.width)
      }
      guard (raw.height, raw.width) == (taken.height, taken.width) else {
        throw .unusable(
          path: file.path,
          reason: "it is \(found.height) x \(found.width), but \(url.appendingPathComponent(paths[0]).path) is "
            + "\(raw.height) x \(raw.width); all images must be of one size, or be resized to one")
      }
      raw.identities.append(
        ImageIdentity.of(height: image.height, width: image.width, shades: image.pixels))
      let values = image.pixels.map(Float.init)
      if taken == found {
        raw.values += values
      } else {
        let average = resizing[found] ?? AreaAveraging(from: found, to: taken)
        resizing[found] = average
        // Rounded to integers, as a file of that size would store them.
        raw.values += average(values).map { $0.rounded() }
      }
      let folders = path.split(separator: "/").dropLast().dropFirst(depth)
      raw.labels.append(folders.first.map(String.init))
    }
    return raw
  }

  /// Checks that the pictures fit in memory: a picture of a single colour takes only a few bytes on disk, whatever its
  /// size.
  private func checkMemory(_ paths: [String], pixelCount: Int) throws(DatasetError) {
    let files = paths.map { url.appendingPathComponent($0) }
    let sizes = files.map { (try? FileManager.default.attributesOfItem(atPath: $0.path)[.size] as? Int) ?? 0 }
    try ArrayMemory.check(
      CheckedSize.multiply(paths.count, pixelCount), path: url.path,
      fileSize: sizes.reduce(0) { CheckedSize.add($0, $1) ?? .max }, memoryLimit)
  }

  /// The picture in a file, and whether it has colours. Its format is recognized by its first bytes, not by its name.
  private func picture(_ file: URL) throws(DatasetError) -> (PNGImage, isColour: Bool) {
    guard let bytes = try Self.jpegBytes(file) else {
      let fileSize = (try? FileManager.default.attributesOfItem(atPath: file.path)[.size] as? Int) ?? 0
      let image = try Self.pngPicture(file, objection(of: fileSize))
      return (image, image.isFromColours)
    }
    let objection = objection(of: bytes.count)
    do throws(UnusableImages) {
      return try JPEGPicture.decode(bytes, objection: objection)
    } catch {
      throw .unusable(path: file.path, reason: error.reason)
    }
  }

  /// Checks the height and width of a picture in a file of `fileSize` bytes: says why they are refused, or nil.
  private func objection(of fileSize: Int) -> (_ height: Int, _ width: Int) -> String? {
    let sides = ImageLayout.sides(isResized: size != nil)
    let limit = memoryLimit.byteCount(forFileOf: fileSize)
    return { height, width in
      guard ImageLayout.isAllowed(height, width, sides) else {
        return size == nil ? ImageLayout.sizeRule : "the sides must be from \(sides.lowerBound) to \(sides.upperBound)"
      }
      // Pictures that are not resized are checked together, once their number is known.
      let claim = height * width * ArrayMemory.bytesPerNumber
      guard size != nil, claim > limit else { return nil }
      return "reading it takes \(MemoryLimit.words(claim)) of memory, and the limit for a file of its size is "
        + "\(MemoryLimit.words(limit))"
    }
  }

  private static func pngPicture(
    _ file: URL, _ objection: (Int, Int) -> String?
  ) throws(DatasetError) -> PNGImage {
    do throws(PNGError) {
      return try PNGImage(contentsOf: file, objection: objection)
    } catch {
      switch error {
      case .unreadable(let path, let reason), .unwritable(let path, let reason):
        throw .unreadable(path: path, reason: reason)
      case .refused(let path, let height, let width, let reason):
        throw .unusable(path: path, reason: "it is \(height) x \(width): \(reason)")
      case .malformed(let path, let reason):
        throw .unusable(path: path, reason: "it is no PNG picture that can be read: \(reason)")
      case .unencodable(let reason):
        throw .unusable(path: file.path, reason: reason)
      }
    }
  }

  /// The bytes of a file that begins like a JPEG file; nil for other files.
  private static func jpegBytes(_ file: URL) throws(DatasetError) -> [UInt8]? {
    do {
      let handle = try FileHandle(forReadingFrom: file)
      defer { try? handle.close() }
      guard let start = try handle.read(upToCount: 3), JPEGPicture.isOne([UInt8](start)) else { return nil }
      return [UInt8](start) + [UInt8](try handle.readToEnd() ?? Data())
    } catch {
      throw .unreadable(path: file.path, reason: error.plainReason)
    }
  }
}
