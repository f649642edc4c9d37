import Foundation

/// Finds the files of datasets: in the folder asked for, then in `$FFJORD_VAE_DATA`, then where they were when a run
/// began, then in `Datasets`.
///
/// Nothing is ever put in the place of a missing dataset: it is found or an error says where it was looked
/// for.
public struct DatasetLocator: Sendable {
  /// The variable of the environment that names a folder of datasets.
  public static let environmentVariable = "FFJORD_VAE_DATA"

  /// The folders searched, first to last.
  public let directories: [URL]
  /// Whether the first folder is one that a person asked for.
  private let isFirstAsked: Bool

  /// A locator that searches the folder asked for, that of the environment, the one recorded and `Datasets` here, in this
  /// order.
  ///
  /// - Parameters:
  ///   - dataDirectory: The folder a person asked for with `--data-dir`, if any.
  ///   - recorded: The folder where the files of a run were when it began.
  ///   - environment: The environment, where `FFJORD_VAE_DATA` may name a folder.
  public init(
    dataDirectory: String? = nil, recorded: String? = nil,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    let asked = [dataDirectory, environment[Self.environmentVariable], recorded, "Datasets"]
    isFirstAsked = dataDirectory.map { !$0.isEmpty } ?? false
    var directories = [URL]()
    for case let path? in asked where !path.isEmpty {
      let url = URL(fileURLWithPath: (path as NSString).expandingTildeInPath, isDirectory: true)
        .standardizedFileURL
      if !directories.contains(url) { directories.append(url) }
    }
    self.directories = directories
  }

  /// The folder a download goes to: the first that is searched, so that it is found again.
  public var downloadDirectory: URL { directories[0] }

  /// Every path at which a file is looked for, first to last.
  public func candidates(for file: DatasetFile) -> [URL] {
    directories.flatMap { directory in
      file.relativePaths.map { directory.appendingPathComponent($0, isDirectory: false) }
    }
  }

  /// The first place where a file lies, or nil.
  public func find(_ file: DatasetFile) -> URL? {
    candidates(for: file).first { candidate in
      var isDirectory: ObjCBool = false
      return FileManager.default.fileExists(atPath: candidate.path, isDirectory: &isDirectory)
        && !isDirectory.boolValue
    }
  }

  /// The place of the first file of a dataset that is read from files.
  ///
  /// - Throws: ``DatasetError/notFound(dataset:searched:address:)``, which names every place searched.
  public func locate(_ description: DatasetDescription) throws(DatasetError) -> URL {
    precondition(
      !description.files.isEmpty, "DatasetLocator: the dataset \(description.name) has no file to locate")
    return try locate(description.files[0], of: description)
  }

  /// The places of all files of a dataset, in the order of its description; none where it is drawn or a
  /// person's own.
  ///
  /// - Throws: ``DatasetError/notFound(dataset:searched:address:)``, which names every place searched.
  public func locateAll(_ description: DatasetDescription) throws(DatasetError) -> [URL] {
    var urls = [URL]()
    for file in description.files {
      urls.append(try locate(file, of: description))
    }
    return urls
  }

  /// The folder in which the files of a dataset of that name lie; nil where it has none.
  ///
  /// - Throws: ``DatasetError/unknownDataset(name:known:)``
  public func directory(holding name: String) throws(DatasetError) -> URL? {
    if DatasetCatalog.isPath(name) { return nil }
    guard let file = try DatasetCatalog.description(named: name).files.first else { return nil }
    return directories.first { directory in
      file.relativePaths.contains {
        FileManager.default.fileExists(atPath: directory.appendingPathComponent($0, isDirectory: false).path)
      }
    }
  }

  /// Where a person's own images are that a run was trained on: in the folder asked for, if they are there, else where they
  /// were, else in the other folders, by their name; unchanged where they are nowhere. Other names stay as they are.
  public func place(ofRecorded name: String) -> String {
    guard (name as NSString).isAbsolutePath else { return name }
    let moved = directories.map { $0.appendingPathComponent((name as NSString).lastPathComponent).path }
    let candidates = isFirstAsked ? [moved[0], name] + moved.dropFirst() : [name] + moved
    return candidates.first { FileManager.default.fileExists(atPath: $0) } ?? name
  }

  private func locate(_ file: DatasetFile, of description: DatasetDescription) throws(DatasetError) -> URL {
    guard let url = find(file) else {
      throw .notFound(
        dataset: description.name, searched: candidates(for: file).map(\.path),
        address: file.address.absoluteString)
    }
    return url
  }
}
