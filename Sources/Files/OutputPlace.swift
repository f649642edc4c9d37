import Foundation

/// The path of a file to be written, after following symbolic links.
///
/// Anything that exists and is not a regular file (a directory, a device, a pipe) is refused, since a rename would
/// replace it by a file. So is the name of an open file, such as `/dev/stdout`, whatever it refers to.
struct OutputPlace {
  /// The greatest number of links that are followed; Linux's limit.
  private static let linkLimit = 40

  let path: String
  let directory: String
  let name: String

  /// - Throws: ``FileError`` (`notRegularFile`, `openFileName`, `system`), naming `url` as it was given.
  init(_ url: URL) throws(FileError) {
    let given = url.path
    var path = given
    for _ in 0..<Self.linkLimit {
      let (directory, name) = Self.parts(of: path)
      if Self.holdsOpenFiles(directory) { throw FileError(path: given, problem: .openFileName) }
      var status = stat()
      let isThere = lstat(path, &status) == 0
      let kind = status.st_mode & S_IFMT
      guard isThere, kind == S_IFLNK else {
        if isThere, kind != S_IFREG { throw FileError(path: given, problem: .notRegularFile) }
        (self.path, self.directory, self.name) = (path, directory, name)
        return
      }
      let target = try Self.target(of: path, given: given)
      path = target.hasPrefix("/") ? target : directory + "/" + target
    }
    throw .system(given, "follow its links", code: ELOOP)
  }

  private static func parts(of path: String) -> (directory: String, name: String) {
    let url = URL(fileURLWithPath: path)
    let parent = url.deletingLastPathComponent().path
    return (parent.isEmpty ? "." : parent, url.lastPathComponent)
  }

  /// Whether the entries of a directory are open files or processes: `/dev/fd` is a link to `/proc/self/fd`.
  private static func holdsOpenFiles(_ directory: String) -> Bool {
    guard let resolved = realpath(directory, nil) else { return false }
    defer { free(resolved) }
    let path = String(cString: resolved)
    return path == "/dev/fd" || path == "/proc" || path.hasPrefix("/proc/")
  }

  private static func target(of link: String, given: String) throws(FileError) -> String {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    let count = readlink(link, &buffer, buffer.count)
    guard count >= 0 else { throw .system(given, "follow its link", code: errno) }
    return String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
