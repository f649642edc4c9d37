import Files
import Foundation

/// Finds the files of datasets: in the folder that the user names, then in `$FFJORD_VAE_DATA`, then where they were
/// when a run began, then in `Datasets`.
///
/// No other dataset ever takes the place of a missing one: either it is found, or an error lists the places searched.
public struct DatasetLocator: Sendable {
  /// The environment variable that names a folder of datasets.
  public static let environmentVariable = "FFJORD_VAE_DATA"

  /// The folders searched, first to last.
  public let directories: [URL]
  /// Whether the user named the first folder.
  private let isFirstAsked: Bool

  /// A locator that searches the folder that the user names, that of the environment, the recorded one, and `Datasets`
  /// in the working directory, in this order.
  ///
  /// - Parameters:
  ///   - dataDirectory: The folder that the user names, such as with `--data-dir`; nil for none.
  ///   - recorded: The folder where a run's files were when it began; nil for none.
  ///   - environment: The environment, in which `FFJORD_VAE_DATA` may name a folder.
  public init(
    dataDirectory: String? = nil, recorded: String? = nil,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    let asked = [dataDirectory, environment[Self.environmentVariable], recorded, "Datasets"]
    isFirstAsked = dataDirectory.map { !$0.isEmpty } ?? false
    var directories = [URL]()
    for case let path? in asked where !path.isEmpty {
      let url = URL(fileURLWithPath: path.expandingTilde, isDirectory: true)
        .standardizedFileURL
      if !directories.contains(url) { directories.append(url) }
    }
    self.directories = directories
  }

  /// The folder for downloads: the first that is searched, so that they are found again.
  public var downloadDirectory: URL { directories[0] }

  /// All paths at which a file is looked for, first to last.
  public func candidates(for file: DatasetFile) -> [URL] {
    directories.flatMap { directory in
      file.relativePaths.map { directory.appendingPathComponent($0, isDirectory: false) }
    }
  }

  /// The first path at which a file exists; nil where there is none.
  public func find(_ file: DatasetFile) -> URL? {
    candidates(for: file).first { candidate in
      // Reading a pipe may wait for ever.
      FileManager.default.isRegularFile(atPath: candidate.path) == true
    }
  }

  /// The path of the first file of a dataset, which must have files.
  ///
  /// - Throws: ``DatasetError/notFound(dataset:searched:address:)``, which lists all places searched.
  public func locate(_ description: DatasetDescription) throws(DatasetError) -> URL {
    precondition(
      !description.files.isEmpty, "DatasetLocator: the dataset \(description.name) has no file to locate")
    return try locate(description.files[0], of: description)
  }

  /// The paths of all files of a dataset, in the order of its description; empty where the package draws it, and for
  /// the user's own images.
  ///
  /// - Throws: ``DatasetError/notFound(dataset:searched:address:)``, which lists all places searched.
  public func locateAll(_ description: DatasetDescription) throws(DatasetError) -> [URL] {
    var urls = [URL]()
    for file in description.files {
      urls.append(try locate(file, of: description))
    }
    return urls
  }

  /// The folder that holds the files of a dataset; nil where it has no files.
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

  /// The present path of the user's own images that a run was trained on.
  ///
  /// They are looked for in the folder that the user names, then where they were, then in the other folders, by their
  /// file name. The path is unchanged where they are nowhere, and so are names of known datasets.
  public func place(ofRecorded name: String) -> String {
    guard name.hasPrefix("/") else { return name }
    let moved = directories.map { $0.appendingPathComponent(URL(filePath: name).lastPathComponent).path }
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
