import ArgumentParser
import Files

/// How much memory a file may take.
struct MemoryOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Memory that a file may take, whatever its size, in GB. (default: 1, or 32 times its size)",
      valueName: "GB"))
  var memoryLimit: Double?

  func validate() throws {
    if let memoryLimit, !(memoryLimit > 0 && memoryLimit <= 1e6) {
      throw ValidationError("--memory-limit \(memoryLimit): a positive number of GB, up to 1000000")
    }
  }

  /// The limit that readers take.
  var limit: MemoryLimit { memoryLimit.map { MemoryLimit(floor: Int($0 * 1e9)) } ?? .standard }
}
