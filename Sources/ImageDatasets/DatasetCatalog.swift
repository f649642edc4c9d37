import Files
import Foundation

/// The datasets that a person can name: those this package knows, and files and folders of their own.
public enum DatasetCatalog {
  /// Every dataset known by name, in the order they are listed to a person.
  public static let all: [DatasetDescription] = [.mnist, .omniglot, .freyfaces, .caltech101, .glyphs]

  /// The names of all datasets known.
  public static var names: [String] { all.map(\.name) }

  /// The description of the dataset of that name.
  ///
  /// `freyfaces` takes a seed after a colon, as in `freyfaces:321`. What is no known name but has a slash, or
  /// is the name of a file or folder, is the path of a person's own images; those are read here, for only
  /// they say how many and how large they are.
  ///
  /// - Parameters:
  ///   - preparation: How a person's own images are made what a model takes.
  ///   - memoryLimit: How much memory they may take.
  /// - Throws: ``DatasetError/unknownDataset(name:known:)``; for a path also
  ///   ``DatasetError/missingPath(path:)``, ``DatasetError/unusable(path:reason:)``,
  ///   ``DatasetError/tooLarge(path:claim:limit:)``, ``DatasetError/unreadable(path:reason:)``.
  public static func description(
    named name: String, preparation: ImagePreparation = ImagePreparation(), memoryLimit: MemoryLimit = .standard
  ) throws(DatasetError) -> DatasetDescription {
    if let description = all.first(where: { $0.name == name }) { return description }
    if let seed = freyfacesSeed(name) { return .freyfaces(seed: seed) }
    if isPath(name) { return try .ownImages(at: name, preparation: preparation, memoryLimit: memoryLimit) }
    throw .unknownDataset(name: name, known: names)
  }

  /// True for the name of a dataset; all else is the path of a person's own images.
  public static func isKnown(_ name: String) -> Bool {
    all.contains { $0.name == name } || freyfacesSeed(name) != nil
  }

  /// Whether a name is the path of a person's own images.
  static func isPath(_ name: String) -> Bool {
    !isKnown(name) && (name.contains("/") || FileManager.default.fileExists(atPath: name))
  }

  /// The name by which a dataset is found from any folder: the absolute path of a person's own images, and other names as
  /// they are.
  public static func lastingName(for name: String) -> String {
    guard isPath(name) else { return name }
    return URL(fileURLWithPath: (name as NSString).expandingTildeInPath).standardizedFileURL.path
  }

  /// A dataset's name in a form that can be a part of a file's name: `freyfaces-321`, or `digits` for
  /// `data/digits.npz`.
  public static func fileName(for name: String) -> String {
    if all.contains(where: { $0.name == name }) { return name }
    let isPath = freyfacesSeed(name) == nil
    let url = URL(fileURLWithPath: (name as NSString).expandingTildeInPath).standardizedFileURL
    let stem = isPath ? url.deletingPathExtension().lastPathComponent : name
    let safe = stem.map { $0.isLetter || $0.isNumber || "._-".contains($0) ? $0 : "-" }
    let trimmed = String(safe.drop { $0 == "." || $0 == "-" })
    return trimmed.isEmpty ? "images" : trimmed
  }

  private static func freyfacesSeed(_ name: String) -> UInt32? {
    let parts = name.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0] == "freyfaces", parts[1].allSatisfy(\.isASCII) else { return nil }
    // Digits alone: a sign would be read too.
    return parts[1].allSatisfy(\.isNumber) ? UInt32(parts[1]) : nil
  }
}
