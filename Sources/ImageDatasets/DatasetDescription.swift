import Foundation

/// A file that a dataset is read from: its names, its address, and the checksums of its known versions.
public struct DatasetFile: Sendable {
  /// A known version of the file.
  public struct Form: Sendable, Hashable {
    /// The checksum that identifies it.
    public let checksum: Checksum
    /// Where it comes from, in a few words.
    public let origin: String
    /// Whether it is the version that the dataset's authors published.
    public let isPublished: Bool

    /// A known version of a file.
    public init(checksum: Checksum, origin: String, isPublished: Bool) {
      self.checksum = checksum
      self.origin = origin
      self.isPublished = isPublished
    }
  }

  /// The paths to try in each folder that is searched; a download goes to the first.
  public let relativePaths: [String]
  /// The address at which the authors publish the file.
  public let address: URL
  /// The known versions; a download must be one of them.
  public let knownForms: [Form]

  /// A file with at least one path and one known version.
  public init(relativePaths: [String], address: URL, knownForms: [Form]) {
    precondition(!relativePaths.isEmpty && !knownForms.isEmpty, "DatasetFile: no path or no known form")
    self.relativePaths = relativePaths
    self.address = address
    self.knownForms = knownForms
  }

  /// The known version that a file on disk is, or nil where it is none, and the checksums that were computed for this.
  ///
  /// - Throws: ``DatasetError/unreadable(path:reason:)``.
  func identify(_ url: URL) throws(DatasetError) -> (form: Form?, checksums: [Checksum]) {
    let needed = Checksum.Algorithm.allCases.filter { algorithm in
      knownForms.contains { $0.checksum.algorithm == algorithm }
    }
    let checksums = try Checksum.of(fileAt: url, needed)
    return (knownForms.first { checksums.contains($0.checksum) }, checksums)
  }
}

extension URL {
  /// An https address.
  static func https(_ host: String, _ path: String) -> URL {
    var address = URLComponents()
    address.scheme = "https"
    address.host = host
    address.path = path
    guard let url = address.url else { preconditionFailure("\(host)\(path) makes no address") }
    return url
  }
}

/// The description of a dataset: what is known before it is read, and how to read it.
///
/// To add a dataset, declare its ``DatasetName``, extend this type with a description of it, and add that to
/// ``DatasetCatalog/all``.
public struct DatasetDescription: Sendable {
  /// Reads a dataset from its files, one URL for each of ``DatasetDescription/files``; the second argument takes
  /// progress messages.
  public typealias Reader =
    @Sendable (_ files: [URL], _ report: (String) -> Void) throws(DatasetError) -> ImageDataset

  /// The name of the dataset, as it is written on the command line: that of a known dataset, with a colon and its variant
  /// where it has one, or the path of the user's own images.
  public let name: String
  /// Which known dataset it is, in any variant; nil for the user's own images.
  public let known: DatasetName?
  /// What the images are, in one line.
  public let summary: String
  /// The number of rows of an image.
  public let height: Int
  /// The number of columns of an image.
  public let width: Int
  /// The kind of the pixels, which decides the likelihood.
  public let pixels: PixelKind
  /// The number of images in each split.
  public let counts: SplitCounts
  /// The files that it is read from; empty where the package draws the images itself, and for the user's own images.
  public let files: [DatasetFile]
  /// The path of the user's own images; nil for a known dataset.
  public let ownPath: String?
  /// The description of a variant, whose name follows a colon; nil where there is none of that name.
  let variant: @Sendable (_ name: String) -> DatasetDescription?
  /// Reads the dataset.
  public let read: Reader

  /// A description of a known dataset.
  public init(
    _ known: DatasetName, summary: String, height: Int, width: Int, pixels: PixelKind = .binary, counts: SplitCounts,
    files: [DatasetFile], read: @escaping Reader
  ) {
    self.init(
      name: known.rawValue, known: known, summary: summary, height: height, width: width, pixels: pixels,
      counts: counts, files: files, read: read)
  }

  /// A description of a variant of a known dataset, or of the user's own images.
  init(
    name: String, known: DatasetName? = nil, summary: String, height: Int, width: Int, pixels: PixelKind = .binary,
    counts: SplitCounts, files: [DatasetFile] = [], ownPath: String? = nil,
    variant: @escaping @Sendable (_ name: String) -> DatasetDescription? = { _ in nil }, read: @escaping Reader
  ) {
    self.name = name
    self.known = known
    self.summary = summary
    self.height = height
    self.width = width
    self.pixels = pixels
    self.counts = counts
    self.files = files
    self.ownPath = ownPath
    self.variant = variant
    self.read = read
  }

  /// Whether the package draws the images itself, so that no file is needed.
  public var isDrawn: Bool { files.isEmpty && ownPath == nil }
}
