import Files
import Foundation
import TensorBoard

extension RunDirectory {
  /// Whether a file name in the directory is reserved for the run there, whether or not the file exists; false where
  /// there is no run.
  ///
  /// There is a run where there are metrics, or a configuration and a checkpoint.
  public func owns(_ name: String) -> Bool {
    // Some file systems do not distinguish upper and lower case.
    let name = name.lowercased()
    // The directory may be a run's folder for event files.
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

  /// Removes the run's files in a directory, and its folders for event files if they are then empty.
  ///
  /// - Throws: ``RunError/unwritable(path:reason:)``; `FileError`
  static func removeFiles(in directory: URL) throws {
    for name in files(in: directory) { try remove(directory.appending(path: name)) }
    for name in EventFiles.folders {
      let folder = directory.appending(path: name).path
      guard FileManager.default.fileExists(atPath: folder) else { continue }
      try DiskCall.remove.pass(folder)
      // The system refuses if the folder contains other files.
      rmdir(folder)
    }
  }

  /// Removes a file or a directory.
  ///
  /// - Throws: ``RunError/unwritable(path:reason:)``; `FileError`
  static func remove(_ item: URL) throws {
    try DiskCall.remove.pass(item.path)
    do { try FileManager.default.removeItem(at: item) } catch {
      throw RunError.unwritable(path: item.path, reason: reason(error))
    }
  }
}
