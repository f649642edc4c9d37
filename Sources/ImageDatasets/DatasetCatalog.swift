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
  /// A variant follows a colon: the seed of a split, as in `freyfaces:321`. An unknown name that contains a slash, or that is
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
    if let description = known(name) { return description }
    if isPath(name) { return try .ownImages(at: name, preparation: preparation, memoryLimit: memoryLimit) }
    throw .unknownDataset(name: name, known: names)
  }

  /// The description of a known dataset, or of its variant after a colon; nil for any other name.
  public static func known(_ name: String) -> DatasetDescription? {
    let parts = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let description = all.first { $0.name == parts[0] }
    return parts.count == 1 ? description : description?.variant(String(parts[1]))
  }

  /// Whether a name is that of a known dataset; any other is the path of the user's own images.
  public static func isKnown(_ name: String) -> Bool { known(name) != nil }

  /// The dataset that is meant where none is named.
  ///
  /// - Parameter pixels: The kind of the pixels.
  public static func standard(for pixels: PixelKind = .binary) -> DatasetName {
    switch pixels {
    case .binary: .glyphs
    case .grey: .freyfaces
    }
  }

  /// Whether a name is the path of the user's own images.
  package static func isPath(_ name: String) -> Bool {
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
    let isPath = !isKnown(name)
    let url = URL(fileURLWithPath: name.expandingTilde).standardizedFileURL
    let stem = isPath ? url.deletingPathExtension().lastPathComponent : name
    let safe = stem.map { $0.isLetter || $0.isNumber || "._-".contains($0) ? $0 : "-" }
    let trimmed = String(safe.drop { $0 == "." || $0 == "-" })
    return trimmed.isEmpty ? "images" : trimmed
  }
}
