import Foundation
import Synchronization

/// A directory of a test's own, removed with everything in it when the value goes.
public final class TemporaryDirectory: Sendable {
  /// Where it is, without symbolic links on the way.
  public let url: URL

  /// A new, empty directory.
  public init() throws { url = try Self.make() }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// A file in the directory, which need not exist.
  public func file(_ name: String = "test") -> URL { url.appending(path: name) }

  /// The place of a file in the directory, whose own folder is made where there is none.
  public func place(for name: String) throws -> URL {
    let place = file(name)
    try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
    return place
  }

  /// The path of a file in the directory.
  public func path(_ name: String) -> String { file(name).path }

  /// The names of everything in the directory or in a folder of it, hidden files too, in their order.
  public func names(_ folder: String = "") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: file(folder).path).sorted()
  }

  /// The paths of everything in the directory and below, in their order.
  public func paths() throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: url.path).sorted()
  }

  /// A new, empty directory that several tests share; removed when the process ends.
  public static func shared() throws -> URL {
    let url = try make()
    sharedDirectories.withLock { directories in
      if directories.isEmpty {
        atexit {
          for url in TemporaryDirectory.sharedDirectories.withLock(\.self) {
            try? FileManager.default.removeItem(at: url)
          }
        }
      }
      directories.append(url)
    }
    return url
  }

  private static let sharedDirectories = Mutex<[URL]>([])

  private static func make() throws -> URL {
    let url = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
      .appending(path: "ffjord-vae-test-\(UUID().uuidString)", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    return url
  }
}
