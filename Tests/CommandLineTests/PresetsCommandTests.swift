import FileTestSupport
import Foundation
import Runs
import Testing
import VariationalAutoencoder

@testable import ffjord_vae

/// `ffjord-vae presets`: what each preset sets, as `train` takes it.
@Suite struct PresetsCommandTests {
  let directory = try! TemporaryDirectory()

  /// The cells of the row of an option, without the option.
  private func row(_ option: String, _ text: String) throws -> [String] {
    let line = try #require(text.split(separator: "\n").first { $0.hasPrefix(option + " ") }, "\(text)")
    return line.dropFirst(option.count).components(separatedBy: "  ").map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty }
  }

  @Test(arguments: ["omniglot", "caltech101", "freyfaces"])
  func `a table has the values of each preset on a dataset`(dataset: String) throws {
    let text = try Program.succeed(["presets", "--dataset", dataset], in: directory.url).standardOutput
    #expect(try row("option", text) == Preset.allCases.map(\.rawValue))
    let configurations = Preset.allCases.map { $0.configuration(dataset: dataset) }
    #expect(try row("--hidden", text) == configurations.map { $0.model.hidden.map(String.init).joined(separator: "-") })
    #expect(try row("--blocks", text) == configurations.map { "\($0.model.blocks)" })
    #expect(try row("--activation", text) == configurations.map { $0.model.activation.rawValue })
    #expect(try row("--batch-size", text) == configurations.map { "\($0.batchSize)" })
    #expect(try row("--learning-rate", text).map { Double($0) } == configurations.map { $0.learningRate })
    #expect(try row("--average", text).map { Double($0) } == configurations.map(\.average))
    #expect(try row("--patience", text) == configurations.map { "\($0.patience)" })
    #expect(try row("--tolerance", text).map { Double($0) } == configurations.map { $0.tolerance })
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
  }

  @Test func `another posterior has its own options`() throws {
    let text = try Program.succeed(["presets", "--flow", "iaf"], in: directory.url).standardOutput
    #expect(try row("--masked-width", text) == ["1280", "1280", "1280", "120"])
    #expect(try row("--flow", text) == Array(repeating: "iaf", count: 4))
    #expect(!text.contains("--hidden"))
  }

  @Test func `JSON has whole configurations, with keys in snake case`() throws {
    let json = try Program.succeed(["presets", "--dataset", "mnist", "--json"], in: directory.url).standardOutput
    let presets = try object(json)
    #expect(Set(presets.keys) == Set(Preset.allCases.map(\.rawValue)))
    let fast = try #require(presets["fast"] as? [String: Any])
    #expect(fast["batch_size"] as? Int == 50 && fast["learning_rate_warmup"] as? Int == 500)
    #expect((fast["model"] as? [String: Any])?["hidden"] as? [Int] == [128, 128])
  }

  /// Options that set nothing of a configuration, or what no preset sets.
  private static let others: Set = [
    "--preset", "--config", "--from", "--resume", "--output", "--seeds", "--overwrite", "--allow-changed-data",
    "--quiet", "--dataset", "--data-dir", "--binarize", "--resize", "--invert", "--list-ignored", "--threads",
    "--verbose-ranks", "--memory-limit", "--version", "--help",
  ]

  @Test func `every option of train that a preset could set has a row`() throws {
    let help = FfjordVAE.helpMessage(for: Train.self)
    // The labels: what a line of help begins with.
    let labels = help.matches(of: /(?m)^  (?:-q, )?(--[a-z-]+)/).map { String($0.output.1) }
    let rows = PosteriorKind.allCases.flatMap { Setting.all(for: $0).flatMap(\.settings).map(\.option) }
    #expect(Set(labels).subtracting(Self.others) == Set(rows))
  }

  @Test(arguments: ["nonesuch", "./nowhere"])
  func `a dataset that there is not is an error`(name: String) throws {
    let outcome = try Program.run(["presets", "--dataset", name], in: directory.url)
    #expect([64, 66].contains(outcome.status) && outcome.standardError.contains(name.dropFirst(2)))
  }
}
