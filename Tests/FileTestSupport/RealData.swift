import Foundation

/// A folder of the real datasets, which tests read where it is there.
public enum RealData {
  /// The folder that `FFJORD_VAE_DATA` names.
  public static let directory = ProcessInfo.processInfo.environment["FFJORD_VAE_DATA"]

  /// Whether a file is there.
  public static func has(_ file: String) -> Bool {
    directory.map { FileManager.default.fileExists(atPath: "\($0)/\(file)") } ?? false
  }
}
