import Foundation

/// The datasets that a person can name: those this package knows, and files and folders of their own.
public enum DatasetCatalog {
  /// Every dataset known by name, in the order they are listed to a person.
  public static let all: [DatasetDescription] = [.omniglot, .glyphs]

  /// The names of all datasets known.
  public static var names: [String] { all.map(\.name) }

  /// The description of the dataset of that name.
  ///
  /// What is no known name but has a slash, or
  /// is the name of a file or folder, is the path of a person's own images; those are read here, for only
  /// they say how many and how large they are.
  ///
  /// - Throws: ``DatasetError/unknownDataset(name:known:)``; for a path also
  ///   ``DatasetError/missingPath(path:)``, ``DatasetError/unusable(path:reason:)``,
  ///   ``DatasetError/unreadable(path:reason:)``.
  public static func description(named name: String) throws(DatasetError) -> DatasetDescription {
    if let description = all.first(where: { $0.name == name }) { return description }
    if name.contains("/") || FileManager.default.fileExists(atPath: name) {
      return try .ownImages(at: name)
    }
    throw .unknownDataset(name: name, known: names)
  }

  /// A dataset's name in a form that can be a part of a file's name: `digits` for
  /// `data/digits.npz`.
  public static func fileName(for name: String) -> String {
    if all.contains(where: { $0.name == name }) { return name }
    let url = URL(fileURLWithPath: (name as NSString).expandingTildeInPath).standardizedFileURL
    let stem = url.deletingPathExtension().lastPathComponent
    let safe = stem.map { $0.isLetter || $0.isNumber || "._-".contains($0) ? $0 : "-" }
    let trimmed = String(safe.drop { $0 == "." || $0 == "-" })
    return trimmed.isEmpty ? "images" : trimmed
  }
}
