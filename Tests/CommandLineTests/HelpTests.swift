import ArgumentParser
import FileTestSupport
import Foundation
import Testing

@testable import ffjord_vae

/// The help of every command: each option under a title, in one line of plain words, and examples that are right.
@Suite struct HelpTests {
  /// The commands that do something, as they are typed.
  static let commands = [
    ["train"], ["presets"], ["evaluate"], ["reconstruct"], ["sample"], ["interpolate"], ["latent"], ["trajectory"],
    ["encode"], ["score"], ["compare"], ["report"], ["export"], ["import"], ["inspect"], ["benchmark", "train"],
    ["benchmark", "evaluate"], ["datasets", "list"], ["datasets", "fetch"], ["datasets", "check"],
    ["models", "list"], ["models", "fetch"], ["models", "path"],
    ["density", "train"], ["density", "evaluate"], ["density", "sample"], ["density", "plot"],
  ]

  private func help(_ command: [String]) throws -> String {
    let directory = try TemporaryDirectory()
    let outcome = try Program.succeed(command + ["--help"], environment: ["COLUMNS": "80"], in: directory.url)
    #expect(outcome.standardError == "")
    return outcome.standardOutput
  }

  /// The options of a help text under their titles, with the words beside them, not broken into lines.
  private func sections(_ text: String) -> [(title: String, options: [(label: String, words: String)])] {
    var sections: [(title: String, options: [(label: String, words: String)])] = []
    for line in text.split(separator: "\n") {
      if line.hasSuffix(":"), line == line.uppercased() {
        sections.append((String(line.dropLast()), []))
      } else if let last = sections.indices.last, line.hasPrefix("  "), !line.hasPrefix("   ") {
        // Words begin at a column, which a label may reach into.
        let characters = Array(line)
        let hasWords = characters.count > 26 && characters[25] == " "
        let label = String(characters[..<(hasWords ? 25 : characters.count)]).trimmingCharacters(in: .whitespaces)
        sections[last].options.append((label, hasWords ? String(characters[26...]) : ""))
      } else if let last = sections.indices.last, line.hasPrefix(String(repeating: " ", count: 26)),
        let option = sections[last].options.indices.last
      {
        let words = sections[last].options[option].words
        sections[last].options[option].words = [words, line.trimmingCharacters(in: .whitespaces)]
          .filter { !$0.isEmpty }.joined(separator: " ")
      }
    }
    return sections
  }

  @Test(arguments: commands)
  func `options stand under titles, each with one line of words`(command: [String]) throws {
    let sections = sections(try help(command))
    #expect(sections.count >= 2)
    for (title, options) in sections where title != "ARGUMENTS" {
      // What is left without a title is the parser's own.
      if title == "OPTIONS" { #expect(options.map(\.label) == ["--version", "-h, --help"], "\(command)") }
      for (label, words) in options {
        // The list of values comes from the parser, and may take another line or two.
        let own = words.replacing(#/ ?\(values: .*\)/#, with: "")
        #expect(!own.isEmpty, "\(command) says nothing of \(label)")
        #expect(own.count <= 54, "\(command) \(label): \(own)")
        #expect(words.count <= 3 * 54, "\(command) \(label): \(words)")
      }
    }
  }

  @Test func `train has the options that a person looks for, where they are looked for`() throws {
    let sections = sections(try help(["train"]))
    #expect(
      sections.map(\.title) == [
        "RUN", "DATA", "MODEL", "CONTINUOUS FLOW (FFJORD)", "OTHER FLOWS", "TRAINING", "SOLVER", "MACHINE", "OPTIONS",
      ])
    func options(_ title: String) -> [String: String] {
      let options = sections.first { $0.title == title }?.options ?? []
      return Dictionary(uniqueKeysWithValues: options.map { ($0.label.components(separatedBy: " ")[0], $0.words) })
    }
    #expect(options("MODEL")["--latent"] == "Latent dimensions (default: 64)")
    #expect(options("TRAINING")["--seed"] == "Random seed (default: 1)")
    #expect(options("TRAINING")["--learning-rate"] == "Learning rate (default: 0.0005)")
    #expect(options("SOLVER")["--tolerance"] == "Tolerance of adaptive steps (default: 1e-5)")
    #expect(options("OTHER FLOWS")["--flows"] == "Number of flows (default: 16; iaf: 8)")
    for (title, names) in [
      "RUN": ["--preset", "--config", "--from", "--resume", "--output", "--overwrite", "--allow-changed-data"],
      "DATA": ["--dataset", "--data-dir", "--limit-train", "--limit-eval", "--binarize", "--resize", "--list-ignored"],
      "CONTINUOUS FLOW (FFJORD)": ["--hidden", "--blocks", "--amortization", "--rank", "--activation"],
      "TRAINING": ["--epochs", "--steps", "--batch-size", "--optimizer", "--average", "--warmup", "--patience"],
      "SOLVER": ["--solver", "--training-tolerance", "--divergence", "--gradient", "--warm-start/--no-warm-start"],
      "MACHINE": ["--precision", "--threads", "--verbose-ranks", "--memory-limit"],
    ] {
      for name in names { #expect(options(title)[name] != nil, "\(name) is not under \(title)") }
    }
    #expect(options("RUN")["-q,"] != nil)
  }

  @Test(arguments: commands)
  func `every command has examples, which the parser takes`(command: [String]) throws {
    let examples = try help(command).split(separator: "\n").filter { $0.hasPrefix("  ffjord-vae ") }
    #expect((1...3).contains(examples.count))
    for example in examples {
      let words = example.split(separator: " ").dropFirst().map(String.init)
      #expect(words.starts(with: command) || words[0] == command[0], "\(example)")
      #expect(throws: Never.self, "\(example)") { try FfjordVAE.parseAsRoot(words) }
    }
  }

  @Test func `the program's help names the commands and the exit codes`() throws {
    let text = try help([])
    for word in ["train", "evaluate", "reconstruct", "sample", "inspect", "datasets", "64", "65", "66", "74"] {
      #expect(text.contains(word))
    }
    let datasets = try help(["datasets"])
    for word in ["list", "fetch", "check", "FFJORD_VAE_DATA"] { #expect(datasets.contains(word)) }
    #expect(Set(Self.commands.map { $0[0] }).isSubset(of: text.split { " \n".contains($0) }.map(String.init)))
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
