import ArgumentParser
import Files

/// How much memory a file may take.
struct MemoryOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Memory per file (default: 1, or 32 x its size)", .gigabytes))
  var memoryLimit: Double?

  func validate() throws {
    if let memoryLimit, !(memoryLimit > 0 && memoryLimit <= 1e6) {
      throw ValidationError("--memory-limit", mustBe: "above 0, up to 1000000 GB", got: Setting.number(memoryLimit))
    }
  }

  /// The limit that readers take.
  var limit: MemoryLimit { memoryLimit.map { MemoryLimit(floor: Int($0 * 1e9)) } ?? .standard }
}
