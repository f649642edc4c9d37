import Foundation

extension FileManager {
  /// Whether what is at a path, or what a link there leads to, is a directory; nil where there is nothing.
  package func isDirectory(atPath path: String) -> Bool? { kind(atPath: path).map { $0 == S_IFDIR } }

  /// Whether what is at a path, or what a link there leads to, is a regular file, and no directory, pipe or device; nil where
  /// there is nothing.
  package func isRegularFile(atPath path: String) -> Bool? { kind(atPath: path).map { $0 == S_IFREG } }

  private func kind(atPath path: String) -> mode_t? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return status.st_mode & S_IFMT
  }
}

extension String {
  /// The path with a leading `~` or `~user` replaced by the home directory of that user, if there is one.
  package var expandingTilde: String {
    guard hasPrefix("~") else { return self }
    let user = dropFirst().prefix { $0 != "/" }
    let home =
      user.isEmpty
      ? FileManager.default.homeDirectoryForCurrentUser : FileManager.default.homeDirectory(forUser: String(user))
    guard let home else { return self }
    return home.path + dropFirst(1 + user.count)
  }
}
