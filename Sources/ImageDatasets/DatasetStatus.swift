import Foundation

/// Which files of a dataset are on this machine, and whether they are the published ones.
public struct DatasetStatus: Sendable {
  /// What a file is, judging by its checksum.
  public enum Verdict: Sendable, Hashable {
    /// The file that the dataset's authors published, byte for byte.
    case published
    /// Another known version of the file, byte for byte, and where it comes from.
    case rebuilt(origin: String)
    /// No known version; it may still be readable.
    case unknown
  }

  /// A file of a dataset, and where it is.
  public struct File: Sendable {
    /// All paths at which it was looked for, first to last.
    public let searched: [URL]
    /// Its path; nil where it is missing.
    public let found: URL?
    /// Its size in bytes; nil where it is missing.
    public let byteCount: Int?
    /// What it is; nil where it is missing or was not verified.
    public let verdict: Verdict?
    /// Its checksums; empty where it was not verified.
    public let checksums: [Checksum]
    /// The address at which the authors publish it.
    public let address: URL
  }

  /// The name of the dataset.
  public let name: String
  /// What the images are, in one line.
  public let summary: String
  /// The kind of the pixels, which decides the likelihood.
  public let pixels: PixelKind
  /// The number of images in each split.
  public let counts: SplitCounts
  /// The files; empty where the package draws the images itself, and for the user's own images.
  public let files: [File]

  /// Whether all files were found, so that the dataset can be read.
  public var isAvailable: Bool { files.allSatisfy { $0.found != nil } }

  /// Looks for a dataset's files.
  ///
  /// - Parameters:
  ///   - description: The dataset.
  ///   - locator: Where to look for the files.
  ///   - isVerified: Whether to compute the checksums of the files found.
  /// - Throws: ``DatasetError/unreadable(path:reason:)`` where an existing file cannot be read.
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

  /// The status of all known datasets, in the catalog's order.
  ///
  /// - Throws: ``DatasetError/unreadable(path:reason:)`` where an existing file cannot be read.
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
