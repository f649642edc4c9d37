import Foundation

/// A Python interpreter with modules that a test compares with.
public struct Python: Sendable {
  /// The interpreter, or nil where there is none that has the modules.
  public let interpreter: String?
  /// What to say of a test that is skipped for the lack of it.
  public let lack: String

  /// The interpreter named in `FFJORD_VAE_PYTHON`, or `python3`, if it can import the modules.
  ///
  /// - Parameters:
  ///   - modules: As in Python's `import` statement.
  ///   - packages: What installs them.
  public init(importing modules: String, of packages: String) {
    interpreter = [ProcessInfo.processInfo.environment["FFJORD_VAE_PYTHON"], "python3"].compactMap { $0 }
      .first { (try? ExternalProgram.run($0, ["-c", "import \(modules)"]).status) == 0 }
    lack = "needs Python with \(packages): set FFJORD_VAE_PYTHON to an interpreter that has them"
  }

  /// With the safetensors package.
  public static let withSafetensors = Python(importing: "safetensors.numpy, numpy", of: "safetensors and numpy")

  /// Whether there is such an interpreter.
  public var isHere: Bool { interpreter != nil }

  /// Runs a script: its exit status, and what it wrote.
  public func run(_ script: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
    try ExternalProgram.run(interpreter ?? "python3", ["-c", script] + arguments)
  }
}
