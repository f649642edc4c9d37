import Foundation
import Safetensors
import TensorBoard

extension RunDirectory {
  /// Whether a name in the directory is one under which the run that is there writes, whether the file is there or not.
  ///
  /// A run is there where its metrics are, or its configuration and a checkpoint.
  public func owns(_ name: String) -> Bool {
    // Some file systems do not tell upper case from lower.
    let name = name.lowercased()
    // The directory may be the folder of a run with event files.
    let isEventFile = name.hasPrefix(EventWriter.namePrefix)
    if isEventFile, EventFiles.folders.contains(url.lastPathComponent.lowercased()),
      RunDirectory(url.deletingLastPathComponent().path).isRun
    {
      return true
    }
    guard isRun else { return false }
    let digits = name.dropFirst(Self.picturePrefix.count).dropLast(".png".count)
    let isPicture =
      name.hasPrefix(Self.picturePrefix) && name.hasSuffix(".png") && !digits.isEmpty
      && digits.allSatisfy(\.isWholeNumber)
    return isPicture || isEventFile || EventFiles.folders.contains(name)
      || [last, best, metrics, configuration, evaluations].contains { $0.lastPathComponent == name }
  }

  private var isRun: Bool {
    func isThere(_ file: URL) -> Bool { FileManager.default.fileExists(atPath: file.path) }
    return isThere(metrics) || isThere(configuration) && (isThere(last) || isThere(best))
  }

  /// Removes the files of the run in a directory, and those folders of theirs that are then empty.
  ///
  /// - Throws: ``TrainingError/unwritable(path:reason:)``; ``SafetensorsError``
  static func removeFiles(in directory: URL) throws {
    for name in files(in: directory) { try remove(directory.appending(path: name)) }
    for name in EventFiles.folders {
      let folder = directory.appending(path: name).path
      guard FileManager.default.fileExists(atPath: folder) else { continue }
      try DiskCall.remove.pass(folder)
      // The system refuses where there is something of a person's in it.
      rmdir(folder)
    }
  }

  /// Removes a file or a directory.
  ///
  /// - Throws: ``TrainingError/unwritable(path:reason:)``; ``SafetensorsError``
  static func remove(_ item: URL) throws {
    try DiskCall.remove.pass(item.path)
    do { try FileManager.default.removeItem(at: item) } catch {
      throw TrainingError.unwritable(path: item.path, reason: reason(error))
    }
  }
}
