import Foundation

/// A file that a dataset is read from: its names, its address and the fingerprints of its known forms.
public struct DatasetFile: Sendable {
  /// A form of the file that is known byte for byte.
  public struct Form: Sendable, Hashable {
    /// The digest that tells it.
    public let checksum: Checksum
    /// Where it comes from, in a few words.
    public let origin: String
    /// True for the form that its authors published.
    public let isPublished: Bool

    /// A known form of a file.
    public init(checksum: Checksum, origin: String, isPublished: Bool) {
      self.checksum = checksum
      self.origin = origin
      self.isPublished = isPublished
    }
  }

  /// Paths to try in each folder searched; a download goes to the first.
  public let relativePaths: [String]
  /// Where its authors publish it.
  public let address: URL
  /// The forms known; a download must be one of them.
  public let knownForms: [Form]

  /// A file with at least one path and one known form.
  public init(relativePaths: [String], address: URL, knownForms: [Form]) {
    precondition(!relativePaths.isEmpty && !knownForms.isEmpty, "DatasetFile: no path or no known form")
    self.relativePaths = relativePaths
    self.address = address
    self.knownForms = knownForms
  }

  /// The known form that a file on disk is, or nil where it is none; and the fingerprints taken to tell.
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
  /// The address of a file that is published there.
  static func https(_ host: String, _ path: String) -> URL {
    var address = URLComponents()
    address.scheme = "https"
    address.host = host
    address.path = path
    guard let url = address.url else { preconditionFailure("\(host)\(path) makes no address") }
    return url
  }
}

/// What is known of a dataset before it is read: name, files, sizes, and how to read it.
///
/// A new dataset is one file that extends this type with a description of it, and an entry in
/// ``DatasetCatalog/all``.
public struct DatasetDescription: Sendable {
  /// Reads a dataset from its files, one URL for each of ``DatasetDescription/files``; the second argument
  /// takes words on what is being done.
  public typealias Reader =
    @Sendable (_ files: [URL], _ report: (String) -> Void) throws(DatasetError) -> ImageDataset

  /// The name a person types.
  public let name: String
  /// One line on what the images are.
  public let summary: String
  /// The number of rows of an image.
  public let height: Int
  /// The number of columns of an image.
  public let width: Int
  /// What a pixel is, and so which likelihood fits.
  public let pixels: PixelKind
  /// The number of images in each split.
  public let counts: SplitCounts
  /// The files it is read from; none where the package draws the images itself.
  public let files: [DatasetFile]
  /// Where a person's own images are; nil for a dataset known by name.
  public let ownPath: String?
  /// How it is read.
  public let read: Reader

  /// A dataset's description.
  public init(
    name: String, summary: String, height: Int, width: Int, pixels: PixelKind = .binary, counts: SplitCounts,
    files: [DatasetFile], ownPath: String? = nil, read: @escaping Reader
  ) {
    self.name = name
    self.summary = summary
    self.height = height
    self.width = width
    self.pixels = pixels
    self.counts = counts
    self.files = files
    self.ownPath = ownPath
    self.read = read
  }

  /// True where no file is needed, for the package draws the images itself.
  public var isDrawn: Bool { files.isEmpty && ownPath == nil }
}
