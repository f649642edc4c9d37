import Foundation

/// Programs beside ours that tests ask for a second opinion.
enum Python {
  /// The interpreter named in FFJORD_VAE_PYTHON, or `python3`, if it has the modules.
  static func interpreter(importing modules: String) -> String? {
    [ProcessInfo.processInfo.environment["FFJORD_VAE_PYTHON"], "python3"].compactMap { $0 }
      .first { program in (try? output(of: program, ["-c", "import \(modules)"]).status) == 0 }
  }

  /// Runs a program found on the path: its exit status and what it printed.
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
}
