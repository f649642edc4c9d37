import Files
import Foundation

/// Reads images from a user's file of arrays: NPZ, NPY or MAT.
enum ImageArrayFile {
  /// What was read from a file or folder.
  struct Contents {
    /// The images by split. A single split, `train`, stands for all images.
    var parts: [DatasetSplit: RawImages] = [:]
    /// The names of the arrays that were not used.
    var leftOut: [String] = []
    /// How the axes were interpreted, in words.
    var layout = ""
    /// In a folder, the files that were not used.
    var ignored: [String] = []
    /// In a folder, how many pictures have colours.
    var colourCount = 0
    /// In a folder, the sizes of the pictures.
    var sizes: Set<ImageSize> = []
  }

  /// The images in an NPZ file.
  ///
  /// - Throws: ``DatasetError/unusable(path:reason:)``, ``DatasetError/malformed(path:reason:)``,
  ///   ``DatasetError/tooLarge(path:claim:limit:)``.
  static func readNPZ(
    _ url: URL, sides: ClosedRange<Int>, memoryLimit: MemoryLimit
  ) throws(DatasetError) -> Contents {
    let archive = try NPZArchive(url)
    return try read(
      url, archive.entries, "array", .numPy, sides, name: { $0.name },
      shape: { try? $0.header.get().shape },
      refusal: { entry in
        if case .failure(let problem) = entry.header { problem.reason } else { nil }
      },
      array: { entry throws(DatasetError) in try archive.read(entry, memoryLimit: memoryLimit) })
  }

  /// The images in a MAT file.
  ///
  /// - Throws: ``DatasetError/unusable(path:reason:)``, ``DatasetError/malformed(path:reason:)``,
  ///   ``DatasetError/tooLarge(path:claim:limit:)``.
  static func readMAT(
    _ url: URL, sides: ClosedRange<Int>, memoryLimit: MemoryLimit
  ) throws(DatasetError) -> Contents {
    let file = try MATFile(url)
    return try read(
      url, file.variables, "variable", .matlab, sides, name: { $0.name },
      shape: { $0.kind == nil ? nil : $0.dimensions },
      refusal: { $0.kind == nil ? "it is \($0), not an array of real numbers" : nil },
      array: { variable throws(DatasetError) in try file.array(variable, memoryLimit: memoryLimit) })
  }

  /// The images in an NPY file.
  ///
  /// - Throws: ``DatasetError/unusable(path:reason:)``, ``DatasetError/malformed(path:reason:)``.
  static func readNPY(_ url: URL, sides: ClosedRange<Int>) throws(DatasetError) -> Contents {
    let (images, layout) = try images(try NPYArray.read(url), url.lastPathComponent, "the array", url, .numPy, sides)
    return Contents(parts: [.train: images], layout: layout)
  }

  private static func read<Item>(
    _ url: URL, _ items: [Item], _ noun: String, _ source: ImageLayout.Source,
    _ sides: ClosedRange<Int>, name: (Item) -> String,
    shape: (Item) -> [Int]?, refusal: (Item) -> String?, array: (Item) throws(DatasetError) -> NumberArray<Float>
  ) throws(DatasetError) -> Contents {
    func holdsImages(_ item: Item) -> Bool {
      shape(item).flatMap { ImageLayout(shape: $0, isFirstIndexFastest: false, source: source, sides: sides) } != nil
    }
    let isNamed = items.contains { SplitNames.split(name($0)) != nil }
    if !isNamed, !items.contains(where: holdsImages) {
      throw .unusable(path: url.path, reason: nothing(items, noun, source, name, shape, refusal))
    }
    let chosen: [DatasetSplit: Item]
    var contents = Contents()
    do throws(UnusableImages) {
      (chosen, contents.leftOut) = try SplitNames.choose(among: items, name: name, isUsable: holdsImages)
    } catch {
      throw .unusable(path: url.path, reason: error.reason)
    }
    for split in DatasetSplit.allCases {
      guard let item = chosen[split] else { continue }
      let origin = "the \(noun) '\(name(item))'"
      if let reason = refusal(item) { throw .unusable(path: url.path, reason: "\(origin): \(reason)") }
      (contents.parts[split], contents.layout) = try images(
        try array(item), name(item), origin, url, source, sides)
    }
    return contents
  }

  /// Why none of a file's arrays can be used.
  private static func nothing<Item>(
    _ items: [Item], _ noun: String, _ source: ImageLayout.Source, _ name: (Item) -> String,
    _ shape: (Item) -> [Int]?, _ refusal: (Item) -> String?
  ) -> String {
    guard let first = items.first else { return "it holds no \(noun)s" }
    if items.count == 1, let reason = refusal(first) { return "the \(noun) '\(name(first))': \(reason)" }
    if items.count == 1, let shape = shape(first) {
      return misshapen("the \(noun) '\(name(first))'", shape, source)
    }
    let words = items.prefix(8).map { item in
      let shape = shape(item).map { $0.map(String.init).joined(separator: " x ") }
      return "the \(noun) '\(name(item))': " + (refusal(item) ?? shape ?? "no shape")
    }
    return words.joined(separator: "; ") + ". None holds images: " + expected(source)
  }

  private static func images(
    _ array: NumberArray<Float>, _ name: String, _ origin: String, _ url: URL, _ source: ImageLayout.Source,
    _ sides: ClosedRange<Int>
  ) throws(DatasetError) -> (images: RawImages, layout: String) {
    guard
      let layout = ImageLayout(
        shape: array.shape, isFirstIndexFastest: array.isFirstIndexFastest, source: source, sides: sides)
    else { throw .unusable(path: url.path, reason: misshapen(origin, array.shape, source)) }
    var images = RawImages(
      origin: origin, height: layout.height, width: layout.width, kind: array.kind,
      values: layout.images(array.values))
    images.name = name
    return (images, layout.words)
  }

  private static func misshapen(_ origin: String, _ shape: [Int], _ source: ImageLayout.Source) -> String {
    "\(origin) is \(shape.map(String.init).joined(separator: " x ")). " + expected(source)
  }

  private static func expected(_ source: ImageLayout.Source) -> String {
    let shapes =
      source == .numPy
      ? "[n, h, w], [n, 1, h, w] or [n, h w]" : "[n, h, w], [h, w, n], [n, h w] or [h w, n]"
    return "Expected are \(shapes) with one channel, where \(ImageLayout.sizeRule); rows of 784, 560 or 1024 "
      + "numbers are images of these sizes"
  }
}
