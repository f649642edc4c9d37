import FileTestSupport
import Foundation
import Testing

/// `ffjord-vae benchmark`: where the time of a step goes, in words and as JSON.
@Suite(.serialized) struct BenchmarkCommandTests {
  let directory = try! TemporaryDirectory()
  private static let size = [
    "--preset", "small", "--steps", "2", "--untimed", "1", "--batch-size", "4", "--latent", "4", "--hidden", "8-8",
    "--blocks", "2", "--rank", "2",
  ]

  @Test func `the parts of a training step add up to the step`() throws {
    let outcome = try Program.succeed(["benchmark", "--json"] + Self.size, in: directory.url)
    let report = try object(outcome.standardOutput)
    let seconds = try #require(report["seconds"] as? [Double])
    #expect(seconds.count == 2 && seconds.allSatisfy { $0 > 0 })
    let parts = try #require(report["parts"] as? [[String: Any]])
    let readings = parts.compactMap { $0["reading"] as? [String: Any] }
    let sum = readings.compactMap { $0["seconds"] as? Double }.reduce(0, +)
    let mean = seconds.reduce(0, +) / 2
    #expect(abs(sum - mean) < 0.1 * mean, "\(sum) of \(mean)")
    let names = Set(parts.compactMap { part in (part["part"] as? String).map { "\($0) \(part["direction"] ?? "")" } })
    for name in [
      "encoder forward", "hypernetwork forward", "flow forward", "decoder forward", "decoder backward", "flow backward",
      "hypernetwork backward", "weightGradients backward", "encoder backward", "optimizer forward",
    ] {
      #expect(names.contains(name), "no \(name) in \(names)")
    }
    for part in parts where part["part"] as? String == "decoder" {
      let reading = try #require(part["reading"] as? [String: Any])
      #expect(try #require(reading["operations"] as? Int) > 1_000_000)
    }
    #expect(report["evaluations_forward"] as? Double ?? 0 >= 2 * 7)
    #expect(report["peak_bytes"] as? Int ?? 0 > 1_000_000)
  }

  @Test func `precision and warm start are options`() throws {
    let options = ["benchmark", "--json", "--precision", "mixed", "--no-warm-start"]
    let report = try object(Program.succeed(options + Self.size, in: directory.url).standardOutput)
    // Without a warm start, finding the first step takes an evaluation more, and its own step.
    #expect(report["evaluations_forward"] as? Double ?? 0 >= 2 * 8)
    let limits = try #require(report["limits"] as? [String: Any])
    #expect(limits["low_precision_operations"] as? Double ?? 0 > 1e9)
  }

  @Test func `an evaluation has no backward parts`() throws {
    let outcome = try Program.succeed(
      ["benchmark", "evaluate", "--divergence", "exact"] + Self.size, in: directory.url)
    let text = outcome.standardOutput
    for words in [
      "GFLOP/s float32", "flow             forward", "decoder          forward", "a batch: ", "page faults",
    ] {
      #expect(text.contains(words), "no \(words) in \(text)")
    }
    #expect(!text.contains("backward  "))
  }

  @Test(arguments: [["--steps", "0"], ["--untimed", "-1"], ["--rank", "2", "--flow", "none"], ["--latent", "0"]])
  func `sizes that make no sense are usage errors`(options: [String]) throws {
    try Program.fail(
      64, ["benchmark"] + options.map { $0 }, naming: [options[0]].map { String($0.dropFirst(2)) }, in: directory.url)
  }

  @Test func `a trained model is timed on its own images, without further options of a model`() throws {
    let run = try TinyRun.shared.get().path
    let text = try Program.succeed(
      ["benchmark", "--checkpoint", run, "--steps", "2", "--json"], in: directory.url
    ).standardOutput
    let report = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect((report["seconds"] as? [Double])?.count == 2)
    try Program.fail(
      64, ["benchmark", "--checkpoint", run, "--preset", "small"], naming: ["--checkpoint", "--preset"],
      in: directory.url)
    try Program.fail(66, ["benchmark", "--checkpoint", "none"], naming: ["none"], in: directory.url)
  }
}
