import Foundation

/// The directory of the package that the tests were built from.
public enum PackageDirectory {
  /// Where it is.
  public static let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized

  /// A file or folder of the package.
  public static func file(_ path: String) -> URL { url.appending(path: path) }
}
