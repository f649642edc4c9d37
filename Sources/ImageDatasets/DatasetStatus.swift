import Foundation

/// What is known of a dataset's presence on this machine.
public struct DatasetStatus: Sendable {
  /// What a file's digest says of it.
  public enum Verdict: Sendable, Hashable {
    /// Byte for byte the file its authors published.
    case published
    /// Byte for byte another file that is known; the words say where it comes from.
    case rebuilt(origin: String)
    /// No file that is known; it may still be read.
    case unknown
  }

  /// One file of a dataset, and where it is.
  public struct File: Sendable {
    /// Every path looked at, first to last.
    public let searched: [URL]
    /// Where it lies, or nil.
    public let found: URL?
    /// Its size in bytes, or nil where it is missing.
    public let byteCount: Int?
    /// What its digest says, or nil where it is missing or was not asked.
    public let verdict: Verdict?
    /// The fingerprints taken, none where none was asked.
    public let checksums: [Checksum]
    /// Where its authors publish it.
    public let address: URL
  }

  /// The name of the dataset.
  public let name: String
  /// One line on what its images are.
  public let summary: String
  /// What a pixel is, and so which likelihood fits.
  public let pixels: PixelKind
  /// The number of images in each split.
  public let counts: SplitCounts
  /// Its files; none where the package draws the images itself, or where they are a person's own.
  public let files: [File]

  /// True where the dataset can be read: every file was found.
  public var isAvailable: Bool { files.allSatisfy { $0.found != nil } }

  /// Looks for a dataset's files.
  ///
  /// - Parameters:
  ///   - description: The dataset.
  ///   - locator: Where its files are looked for.
  ///   - isVerified: Whether to read the files found and take their fingerprints.
  /// - Throws: ``DatasetError/unreadable(path:reason:)`` where a file that is there cannot be read.
  public init(
    of description: DatasetDescription, locator: DatasetLocator, isVerified: Bool = true
  ) throws(DatasetError) {
    var files = [File]()
    for file in description.files {
      let found = locator.find(file)
      var verdict: Verdict?
      var checksums = [Checksum]()
      if let found, isVerified {
        let identity = try file.identify(found)
        checksums = identity.checksums
        verdict =
          if let form = identity.form {
            form.isPublished ? .published : .rebuilt(origin: form.origin)
          } else {
            .unknown
          }
      }
      let attributes = found.flatMap { try? FileManager.default.attributesOfItem(atPath: $0.path) }
      files.append(
        File(
          searched: locator.candidates(for: file), found: found,
          byteCount: (attributes?[.size] as? NSNumber)?.intValue, verdict: verdict, checksums: checksums,
          address: file.address))
    }
    self.name = description.name
    self.summary = description.summary
    self.pixels = description.pixels
    self.counts = description.counts
    self.files = files
  }

  /// The status of every dataset known, in the catalog's order.
  ///
  /// - Throws: ``DatasetError/unreadable(path:reason:)`` where a file that is there cannot be read.
  public static func all(
    locator: DatasetLocator, isVerified: Bool = true
  ) throws(DatasetError) -> [DatasetStatus] {
    var result = [DatasetStatus]()
    for description in DatasetCatalog.all {
      result.append(try DatasetStatus(of: description, locator: locator, isVerified: isVerified))
    }
    return result
  }
}
