import Files
import Foundation

/// The datasets that can be named: the known ones, and the user's own files and folders.
public enum DatasetCatalog {
  /// All datasets known by name, in the order in which they are listed.
  public static let all: [DatasetDescription] = [.mnist, .omniglot, .freyfaces, .caltech101, .glyphs]

  /// The names of all known datasets.
  public static var names: [String] { all.map(\.name) }

  /// The description of a dataset.
  ///
  /// `freyfaces` takes a seed after a colon, as in `freyfaces:321`. An unknown name that contains a slash, or that is
  /// the name of a file or folder, is the path of the user's own images. These are read here, since their number and
  /// size are not known otherwise.
  ///
  /// - Parameters:
  ///   - name: The name of a dataset, or the path of the user's own images.
  ///   - preparation: How the user's own images are prepared for a model.
  ///   - memoryLimit: How much memory the user's own images may take.
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

  /// Whether a name is that of a known dataset; any other is the path of the user's own images.
  public static func isKnown(_ name: String) -> Bool {
    all.contains { $0.name == name } || freyfacesSeed(name) != nil
  }

  /// Whether a name is the path of the user's own images.
  static func isPath(_ name: String) -> Bool {
    !isKnown(name) && (name.contains("/") || FileManager.default.fileExists(atPath: name))
  }

  /// A name by which a dataset is found from any working directory: the absolute path of the user's own images; other
  /// names are unchanged.
  public static func lastingName(for name: String) -> String {
    guard isPath(name) else { return name }
    return URL(fileURLWithPath: name.expandingTilde).standardizedFileURL.path
  }

  /// A dataset's name in a form that can be part of a file name: `freyfaces-321` for `freyfaces:321`, or `digits` for
  /// `data/digits.npz`.
  public static func fileName(for name: String) -> String {
    if all.contains(where: { $0.name == name }) { return name }
    let isPath = freyfacesSeed(name) == nil
    let url = URL(fileURLWithPath: name.expandingTilde).standardizedFileURL
    let stem = isPath ? url.deletingPathExtension().lastPathComponent : name
    let safe = stem.map { $0.isLetter || $0.isNumber || "._-".contains($0) ? $0 : "-" }
    let trimmed = String(safe.drop { $0 == "." || $0 == "-" })
    return trimmed.isEmpty ? "images" : trimmed
  }

  private static func freyfacesSeed(_ name: String) -> UInt32? {
    let parts = name.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0] == "freyfaces", parts[1].allSatisfy(\.isASCII) else { return nil }
    // Digits only: UInt32 would accept a sign too.
    return parts[1].allSatisfy(\.isNumber) ? UInt32(parts[1]) : nil
  }
}
