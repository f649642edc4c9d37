import Files
import Foundation

/// The trained models that can be named: those of the folders that are found.
///
/// Folders are looked for in this order: the one that `$FFJORD_VAE_MODELS` names; `Checkpoints` in the working directory,
/// then in the package that the working directory is in, then in the package that the program was built in.
///
/// ```swift
/// if let file = try ModelCatalog().file(named: "omniglot") { … }
/// ```
public struct ModelCatalog: Sendable {
  /// The environment variable that names a folder of models.
  public static let environmentVariable = "FFJORD_VAE_MODELS"

  /// The folders that are looked in, first to last.
  public let directories: [URL]
  /// The folder that the environment names; nil where it names none.
  private let named: URL?

  /// A catalog of the folders that are found from these places.
  ///
  /// - Parameters:
  ///   - environment: The environment, in which `FFJORD_VAE_MODELS` may name a folder.
  ///   - workingDirectory: The working directory.
  ///   - program: The file of the program; nil where it is not known.
  public init(
    environment: [String: String] = ProcessInfo.processInfo.environment,
    workingDirectory: URL = URL(filePath: FileManager.default.currentDirectoryPath, directoryHint: .isDirectory),
    program: URL? = Bundle.main.executableURL
  ) {
    let named = environment[Self.environmentVariable].flatMap { path in
      path.isEmpty ? nil : URL(filePath: path.expandingTilde, directoryHint: .isDirectory)
    }
    let packages = [workingDirectory, program?.resolvingSymlinksInPath().deletingLastPathComponent()]
      .compactMap { $0.flatMap(Self.package(around:)) }
    var directories: [URL] = []
    for place in [named] + ([workingDirectory] + packages).map({ $0.appending(path: "Checkpoints") }) {
      guard let place = place?.standardizedFileURL, !directories.contains(where: { $0.path == place.path }) else {
        continue
      }
      directories.append(place)
    }
    self.directories = directories
    self.named = named?.standardizedFileURL
  }

  /// The folder that the environment names, if it has no list of models.
  ///
  /// - Throws: ``RunError/invalidRun(path:reason:)`` where a list is damaged.
  public func namedWithoutList() throws(RunError) -> URL? {
    guard let named, try ModelFolder(named) == nil else { return nil }
    return named
  }

  /// The nearest directory above one, or that itself, with a package's manifest.
  private static func package(around directory: URL) -> URL? {
    var place = directory.standardizedFileURL
    while place.path != "/" {
      if FileManager.default.fileExists(atPath: place.appending(path: "Package.swift").path) { return place }
      place.deleteLastPathComponent()
    }
    return nil
  }

  /// The folders that have a list of models.
  ///
  /// - Throws: ``RunError/invalidRun(path:reason:)`` where a list is damaged.
  public func folders() throws(RunError) -> [ModelFolder] {
    var folders: [ModelFolder] = []
    for directory in directories {
      if let folder = try ModelFolder(directory) { folders.append(folder) }
    }
    return folders
  }

  /// All models with their folders, each name once: where its file is, else in the first folder that lists it.
  ///
  /// - Throws: ``RunError/invalidRun(path:reason:)`` where a list is damaged.
  public func models() throws(RunError) -> [(model: ShippedModel, folder: ModelFolder)] {
    let all = try folders().flatMap { folder in folder.models.map { (model: $0, folder: folder) } }
    var names: [String] = []
    for entry in all where !names.contains(entry.model.name) { names.append(entry.model.name) }
    return names.compactMap { name in
      let entries = all.filter { $0.model.name == name }
      return entries.first { $0.folder.hasFile(of: $0.model) } ?? entries.first
    }
  }

  /// The model of a name with its folder; nil where no list has it.
  ///
  /// - Throws: ``RunError/invalidRun(path:reason:)`` where a list is damaged.
  public func model(named name: String) throws(RunError) -> (model: ShippedModel, folder: ModelFolder)? {
    try models().first { $0.model.name == name }
  }

  /// The model of a name with its folder.
  ///
  /// - Throws: ``RunError/unknownModel(name:known:)`` where no list has it; ``RunError/invalidRun(path:reason:)`` where a
  ///   list is damaged.
  public func requiredModel(named name: String) throws(RunError) -> (model: ShippedModel, folder: ModelFolder) {
    if let found = try model(named: name) { return found }
    throw .unknownModel(name: name, known: try models().map(\.model.name))
  }

  /// The checkpoint file of the model of a name; nil where no list has it.
  ///
  /// - Throws: ``RunError/missingModel(name:path:)`` where its file is not there; ``RunError/invalidRun(path:reason:)``
  ///   where a list is damaged.
  public func file(named name: String) throws(RunError) -> URL? {
    guard let (model, folder) = try model(named: name) else { return nil }
    guard folder.hasFile(of: model) else { throw .missingModel(name: name, path: folder.file(of: model).path) }
    return folder.file(of: model)
  }
}

extension ModelFolder {
  /// Whether the file of a model is there.
  public func hasFile(of model: ShippedModel) -> Bool {
    FileManager.default.isDirectory(atPath: file(of: model).path) == false
  }
}
