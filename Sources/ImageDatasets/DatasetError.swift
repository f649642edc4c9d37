import Files

/// An error in finding, downloading or reading a dataset. The description says what to do about it.
public enum DatasetError: Error, Sendable, Hashable {
  /// There is no dataset of that name.
  case unknownDataset(name: String, known: [String])
  /// A file of a dataset is in none of the places searched.
  case notFound(dataset: String, searched: [String], address: String)
  /// There is nothing at the path of the user's own images.
  case missingPath(path: String)
  /// There is nothing at the path of data for a density, and no such data of that name.
  case missingData(path: String, known: [String])
  /// A download of the user's own images was requested.
  case nothingToFetch(path: String)
  /// The user's own file or folder was read, but cannot be used as a dataset; the reason says what to do.
  case unusable(path: String, reason: String)
  /// A table or a picture was read, but a density cannot be trained on it; the reason says what to do.
  case unusableData(path: String, reason: String)
  /// A file is there but cannot be opened or read.
  case unreadable(path: String, reason: String)
  /// A file or folder cannot be written.
  case unwritable(path: String, reason: String)
  /// A file that is none of the known versions is where one would be fetched to.
  case occupied(path: String)
  /// A file was read, but its contents are not what was expected.
  case malformed(path: String, reason: String)
  /// Reading what a file claims to hold would take more memory than a file of its size may: `claim` bytes (nil where
  /// that overflows), which is more than `limit`.
  case tooLarge(path: String, claim: Int?, limit: Int)
  /// Reading a file takes up to `needed` bytes of memory, and fewer are available.
  case notEnoughMemory(path: String, needed: Int, available: Int)
  /// A fetched file is none of the known versions.
  case checksumMismatch(path: String, expected: [Checksum], found: [Checksum])
  /// A file could not be downloaded.
  case downloadFailed(address: String, destination: String, reason: String)

  /// The kind of failure, for exit codes.
  public enum Category: Sendable, Hashable {
    /// A file or dataset that was asked for does not exist.
    case missingInput
    /// The contents of a file are wrong.
    case badData
    /// The operating system or the network reported a failure.
    case inputOutput
    /// There is too little memory.
    case resources
  }

  /// The kind of failure.
  public var category: Category {
    switch self {
    case .unknownDataset, .notFound, .missingPath, .missingData, .nothingToFetch: .missingInput
    case .malformed, .unusable, .unusableData, .tooLarge, .checksumMismatch: .badData
    case .unreadable, .unwritable, .occupied, .downloadFailed: .inputOutput
    case .notEnoughMemory: .resources
    }
  }
}

extension DatasetError: CustomStringConvertible {
  /// What happened and what to do about it.
  public var description: String {
    switch self {
    case .unknownDataset(let name, let known):
      """
      there is no dataset named '\(name)'. Choose one of: \(known.joined(separator: ", ")); or give \
      the path of your own images: an .npz, .npy or .mat file, or a folder of PNG or JPEG files.
      """
    case .notFound(let dataset, let searched, let address):
      """
      the dataset '\(dataset)' was not found. Looked for:
      \(searched.map { "  " + $0 }.joined(separator: "\n"))
      \(DatasetCatalog.known(dataset) == nil ? "Download" : "Fetch it, or download") \(address)
      and put it in one of these places, or name its folder with FFJORD_VAE_DATA.
      """
    case .missingPath(let path):
      """
      there is nothing at \(path). Give the path of an .npz, .npy or .mat file or of a folder of PNG or JPEG files, \
      or the name of a known dataset; for a run whose images have moved, name their folder with FFJORD_VAE_DATA.
      """
    case .missingData(let path, let known):
      """
      there is no file or folder \(path.visible()). Give one of the names \(known.joined(separator: ", ")), or the path of a table \
      (.npy, .npz, .csv), of a PNG or JPEG picture, or of a folder of pictures; for a run whose data have moved, name their \
      folder with FFJORD_VAE_DATA.
      """
    case .nothingToFetch(let path):
      """
      the images at \(path) are your own: there is nothing to fetch.
      """
    case .unusable(let path, let reason):
      """
      \(path.visible()) cannot be used as a dataset: \(reason).
      """
    case .unusableData(let path, let reason):
      """
      \(path.visible()) cannot be used for a density model: \(reason).
      """
    case .unreadable(let path, let reason):
      """
      cannot read \(path.visible()): \(reason). Check that it is a file and that you have the right to read it.
      """
    case .unwritable(let path, let reason):
      """
      cannot write \(path.visible()): \(reason). Check the free space and your rights there, or choose another folder.
      """
    case .occupied(let path):
      """
      cannot write \(path.visible()): a file that is none of the known ones is there already. Move it away, or choose another \
      folder.
      """
    case .malformed(let path, let reason):
      """
      \(path.visible()) is not what it should be: \(reason). Compare its checksum with the published one; if it differs, move \
      the file away and fetch it again.
      """
    case .tooLarge(let path, let claim, let limit):
      """
      \(path.visible()) claims contents that take \(claim.map(MemoryLimit.words) ?? "more memory than can be counted") to read, and \
      the limit for a file of its size is \(MemoryLimit.words(limit)). If it is what it should be, raise the limit.
      """
    case .notEnoughMemory(let path, let needed, let available):
      """
      reading \(path.visible()) takes up to \(MemoryLimit.words(needed)), and \(MemoryLimit.words(available)) of memory are free. \
      Divide the file, close other programs, or use a machine with more memory.
      """
    case .checksumMismatch(let path, let expected, let found):
      """
      the file fetched for \(path) is not the published one, and was not kept. Expected \
      \(expected.map(\.description).joined(separator: " or ")), found \
      \(found.map(\.description).joined(separator: ", ")). Try again; if it stays so, there is another file at \
      the source: get a copy with a checksum above and put it there by hand.
      """
    case .downloadFailed(let address, let destination, let reason):
      """
      cannot download \(address): \(reason). Try again, or download it by hand on a machine with a network \
      and put the file at \(destination)
      """
    }
  }
}
