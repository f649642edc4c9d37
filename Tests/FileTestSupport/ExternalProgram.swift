import Foundation

/// Programs found on the path, which tests compare with.
public enum ExternalProgram {
  /// Runs a program to its end: its exit status, and what it wrote to standard output and standard error.
  public static func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, output)
  }

  /// Whether the program that compresses in zstd's format is there.
  public static let hasZstandard = (try? run("zstd", ["-V"]).status) == 0
}
