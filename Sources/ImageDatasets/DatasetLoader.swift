import Files

/// Reads datasets by name, and the user's own images by their path.
///
/// ```swift
/// let omniglot = try DatasetLoader.load(name: "omniglot", locator: DatasetLocator(dataDirectory: "data"))
/// omniglot.train.count  // 23000
/// ```
public enum DatasetLoader {
  /// Reads a dataset into memory.
  ///
  /// - Parameters:
  ///   - name: A name in the ``DatasetCatalog``, or the path of the user's own images.
  ///   - locator: Where to look for the files.
  ///   - preparation: How the user's own images are prepared for a model; it does not apply to known datasets.
  ///   - memoryLimit: How much memory the user's own images may take; it does not apply to known datasets.
  ///   - report: Takes progress messages.
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
