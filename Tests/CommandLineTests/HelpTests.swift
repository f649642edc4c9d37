import FileTestSupport
import Foundation
import Testing

/// The help names every option, and nothing is an option that it does not name.
@Suite struct HelpTests {
  static let options: [(command: String, options: [String])] = [
    (
      "train",
      [
        "--dataset", "--data-dir", "--output", "--preset", "--epochs", "--steps", "--batch-size",
        "--learning-rate", "--warmup", "--patience", "--latent", "--hidden", "--blocks", "--rank", "--flow",
        "--solver", "--tolerance", "--divergence", "--gradient", "--seed", "--threads", "--limit-train",
        "--limit-eval", "--resume", "--binarize", "--resize", "--invert", "--list-ignored", "--allow-changed-data",
      ]
    ),
    (
      "evaluate",
      [
        "--dataset", "--data-dir", "--split", "--limit", "--divergence", "--importance-samples", "--seed",
        "--json", "--binarize", "--resize", "--invert", "--list-ignored",
      ]
    ),
    ("reconstruct", ["--output", "--split", "--count"]),
    ("sample", ["--output", "--count", "--seed"]),
    ("import", ["--output", "--overwrite", "--dataset", "--preset", "--hidden", "--activation"]),
    ("inspect", ["--json"]),
  ]

  private func help(_ command: String...) throws -> String {
    let directory = try TemporaryDirectory()
    let outcome = try Program.succeed(command + ["--help"], in: directory.url)
    #expect(outcome.standardError == "")
    return outcome.standardOutput
  }

  @Test(arguments: options)
  func `the help of a command names its options`(command: String, options: [String]) throws {
    let text = try help(command)
    for option in options {
      #expect(text.contains("  \(option)"), "\(command) has no \(option)")
    }
    // Options have words beside them.
    let lines = text.split(separator: "\n").map(String.init)
    for (line, next) in zip(lines, lines.dropFirst()) where line.hasPrefix("  --") {
      let words = line.dropFirst(2).split(separator: "  ", maxSplits: 1)
      #expect(words.count == 2 || next.hasPrefix("            "), "no help: \(line)")
    }
  }

  @Test func `the program's help names the commands and the exit codes`() throws {
    let text = try help()
    for word in ["train", "evaluate", "reconstruct", "sample", "inspect", "datasets", "64", "65", "66", "74"] {
      #expect(text.contains(word))
    }
    let datasets = try help("datasets")
    for word in ["list", "fetch", "check", "FFJORD_VAE_DATA"] { #expect(datasets.contains(word)) }
  }

  @Test func `the version is printed`() throws {
    let directory = try TemporaryDirectory()
    let outcome = try Program.succeed(["--version"], in: directory.url)
    #expect(outcome.standardOutput.split(separator: ".").count == 3)
  }

  @Test func `without a command the help is shown`() throws {
    let directory = try TemporaryDirectory()
    let outcome = try Program.succeed([], in: directory.url)
    #expect(outcome.standardOutput.contains("SUBCOMMANDS"))
  }
}
