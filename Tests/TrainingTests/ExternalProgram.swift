import Foundation
import Testing

/// Programs found on the path, which tests compare with.
enum ExternalProgram {
  /// Runs a program: its exit status and what it printed.
  static func output(of program: String, _ arguments: [String]) throws -> (status: Int32, text: String) {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }

  /// The interpreter named in FFJORD_VAE_PYTHON, or `python3`, if it has safetensors.
  static let python = python(importing: "safetensors.numpy, numpy")

  static let isPythonMissing: Comment =
    "needs Python with safetensors and numpy: set FFJORD_VAE_PYTHON to an interpreter that has them"

  /// The interpreter named in FFJORD_VAE_PYTHON, or `python3`, if it has the modules.
  static func python(importing modules: String) -> String? {
    [ProcessInfo.processInfo.environment["FFJORD_VAE_PYTHON"], "python3"].compactMap { $0 }
      .first { (try? output(of: $0, ["-c", "import \(modules)"]).status) == 0 }
  }
}
