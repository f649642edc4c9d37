import Foundation
import TensorBoard

extension RunDirectory {
  /// Whether a name in the directory is one under which the run that is there writes, whether the file is there or not.
  ///
  /// A run is there where its metrics are, or its configuration and a checkpoint.
  public func owns(_ name: String) -> Bool {
    func isThere(_ file: URL) -> Bool { FileManager.default.fileExists(atPath: file.path) }
    guard isThere(metrics) || isThere(configuration) && (isThere(last) || isThere(best)) else { return false }
    // Some file systems do not tell upper case from lower.
    let name = name.lowercased()
    let digits = name.dropFirst(Self.picturePrefix.count).dropLast(".png".count)
    let isPicture =
      name.hasPrefix(Self.picturePrefix) && name.hasSuffix(".png") && !digits.isEmpty
      && digits.allSatisfy(\.isWholeNumber)
    return isPicture || name.hasPrefix(EventWriter.namePrefix)
      || [last, best, metrics, configuration, evaluations].contains { $0.lastPathComponent == name }
  }
}
