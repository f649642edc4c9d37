import Files
import Foundation

/// Reads a folder of PNG files as images; folders in it named train, validation and test are the splits.
enum PNGFolder {
  /// The images by split (those for training stand for all where there are no others), and what was left out.
  ///
  /// The files of a folder and of all below it are taken in the order of their paths; hidden ones are passed
  /// over.
  ///
  /// - Throws: ``DatasetError/unusable(path:reason:)`` with the file, ``DatasetError/tooLarge(path:claim:limit:)``,
  ///   ``DatasetError/unreadable(path:reason:)``.
  static func read(
    _ url: URL, memoryLimit: MemoryLimit
  ) throws(DatasetError) -> (parts: [DatasetSplit: RawImages], leftOut: [String]) {
    let paths = try list(url)
    var byFolder = [String: [String]]()
    for path in paths {
      let parts = path.split(separator: "/")
      byFolder[parts.count > 1 ? String(parts[0]) : "", default: []].append(path)
    }
    let folders = byFolder.keys.filter { SplitNames.split($0) != nil }.sorted()
    guard !folders.isEmpty else {
      return ([.train: try images(url, paths, "the folder", memoryLimit)], [])
    }
    let chosen: [DatasetSplit: String]
    let leftOut: [String]
    do throws(UnusableImages) {
      (chosen, leftOut) = try SplitNames.choose(
        among: byFolder.keys.sorted(), name: { $0 }, isUsable: { _ in true })
    } catch {
      throw .unusable(path: url.path, reason: error.reason)
    }
    var parts = [DatasetSplit: RawImages]()
    for (split, folder) in chosen {
      parts[split] = try images(url, byFolder[folder] ?? [], "the folder '\(folder)'", memoryLimit)
    }
    return (parts, leftOut.map { $0.isEmpty ? "the files beside the folders" : $0 })
  }

  private static func list(_ url: URL) throws(DatasetError) -> [String] {
    let all: [String]
    do {
      all = try FileManager.default.subpathsOfDirectory(atPath: url.path)
    } catch {
      throw .unreadable(path: url.path, reason: error.plainReason)
    }
    let paths = all.filter { path in
      path.lowercased().hasSuffix(".png") && !path.split(separator: "/").contains { $0.hasPrefix(".") }
    }
    guard !paths.isEmpty else { throw .unusable(path: url.path, reason: "it holds no PNG files") }
    // The order of bytes, the same in every language of the system.
    return paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static func images(
    _ url: URL, _ paths: [String], _ origin: String, _ memoryLimit: MemoryLimit
  ) throws(DatasetError) -> RawImages {
    var values = [Float]()
    var first: PNGImage?
    for path in paths {
      let file = url.appendingPathComponent(path)
      let image = try picture(file)
      if let first, (first.height, first.width) != (image.height, image.width) {
        throw .unusable(
          path: file.path,
          reason:
            "it is \(image.height) x \(image.width), but \(url.appendingPathComponent(paths[0]).path) is "
            + "\(first.height) x \(first.width); all images must be of one size")
      }
      if first == nil {
        first = image
        // Pictures of one colour take a few bytes whatever their size.
        let files = paths.map { url.appendingPathComponent($0) }
        let sizes = files.map { (try? FileManager.default.attributesOfItem(atPath: $0.path)[.size] as? Int) ?? 0 }
        try NumberArray.check(
          CheckedSize.multiply(paths.count, image.pixels.count), path: url.path,
          fileSize: sizes.reduce(0) { CheckedSize.add($0, $1) ?? .max }, memoryLimit)
        values.reserveCapacity(paths.count * image.pixels.count)
      }
      values.append(contentsOf: image.pixels.lazy.map(Float.init))
    }
    guard let first else { throw .unusable(path: url.path, reason: "\(origin) holds no PNG files") }
    return RawImages(
      origin: origin, height: first.height, width: first.width, kind: .integer, values: values, files: paths,
      isOfBytes: true)
  }

  private static func picture(_ file: URL) throws(DatasetError) -> PNGImage {
    do throws(PNGError) {
      return try PNGImage(contentsOf: file) { height, width in
        ImageLayout.isAllowed(height, width) ? nil : ImageLayout.sizeRule
      }
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
}
