import Files

/// Reads datasets by name, and a person's own images by their path.
///
/// ```swift
/// let omniglot = try DatasetLoader.load(name: "omniglot", locator: DatasetLocator(dataDirectory: "data"))
/// omniglot.train.count  // 23000
/// ```
public enum DatasetLoader {
  /// The dataset of that name, in memory.
  ///
  /// - Parameters:
  ///   - name: A name that ``DatasetCatalog`` knows, or the path of a person's own images.
  ///   - locator: Where its files are looked for.
  ///   - preparation: How a person's own images are made what a model takes; a dataset known by name is as it is.
  ///   - memoryLimit: How much memory a person's own images may take; a dataset known by name takes what it has.
  ///   - report: Takes words on what is being done, for a person who waits.
  /// - Throws: ``DatasetError``: an unknown name, a file missing, unreadable, malformed, unusable or too large.
  public static func load(
    name: String, locator: DatasetLocator = DatasetLocator(),
    preparation: ImagePreparation = ImagePreparation(), memoryLimit: MemoryLimit = .standard,
    report: (String) -> Void = { _ in }
  ) throws(DatasetError) -> ImageDataset {
    let description = try DatasetCatalog.description(
      named: name, preparation: preparation, memoryLimit: memoryLimit)
    return try description.read(try locator.locateAll(description), report)
  }
}
