import Foundation
import ImageDatasets

extension Data {
  /// The bytes of a file; nil where there is none.
  ///
  /// - Throws: ``RunError/unreadable(path:reason:)``
  package init?(ifPresent file: URL) throws(RunError) {
    do { self = try Data(contentsOf: file) } catch {
      if [.fileReadNoSuchFile, .fileNoSuchFile].contains((error as? CocoaError)?.code) { return nil }
      throw .unreadable(path: file.relativePath, reason: error.plainReason)
    }
  }
}
