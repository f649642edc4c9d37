import FileTestSupport
import Foundation
import Runs
import Testing
import VariationalAutoencoder

@testable import ffjord_vae

/// `ffjord-vae compare` of runs that differ in their seeds, and the charts of runs that differ in more.
@Suite(.serialized) struct CompareSeedsTests {
  let directory = try! TemporaryDirectory()

  private func compare(_ arguments: String...) throws -> String {
    try Program.succeed(["compare"] + arguments, in: directory.url).standardOutput
  }

  /// Three runs of one configuration, with bounds of 100, 102 and 107, and one of another.
  private func makeRuns() throws {
    for (seed, best) in [(1, 100.0), (2, 102), (10, 107)] as [(UInt64, Double)] {
      try directory.makeRun("a-seed\(seed)", best: best) { $0.seed = seed }
    }
    try directory.makeRun("other", best: 101) { ($0.seed, $0.learningRate) = (2, 1e-3) }
  }

  @Test func `runs that differ only in their seeds are a row of means and deviations`() throws {
    try makeRuns()
    try directory.makeEvaluation(of: "a-seed1", #"{"negative_elbo":98,"nll":95,"importance_samples":500}"#)
    try directory.makeEvaluation(
      of: "a-seed2", #"{"negative_elbo":99,"nll":97,"importance_samples":500,"tolerance":0.001}"#)
    let text = try compare("a-seed10", "other", "a-seed1", "a-seed2")
    // By hand: the mean of 100, 102 and 107, and the root of half the sum of 9, 1 and 16.
    for words in ["103.00 ±3.61", "98.50 ±0.71", "96.00 ±1.41", "40/36", " 3/2000 "] {
      #expect(try tableRow("a-seed*", text).contains(words), "no \(words) in: \(text)")
    }
    for words in [
      "mean ± standard deviation of 3 runs, of seeds 1, 2, 10; --each shows each", "over 2 of 3 runs",
      "500 importance samples", "at a tolerance of 0.001", "there is no checkpoint to evaluate yet",
    ] {
      #expect(text.contains(words), "no \(words) in: \(text)")
    }
    #expect(try tableRow("other", text).contains(" 101.00 "))
    // The other is better than the mean.
    let places = try ["other", "a-seed*"].map { try #require(text.range(of: "\n\($0) ")).lowerBound }
    #expect(places == places.sorted())
    let each = try compare("a-seed10", "other", "a-seed1", "a-seed2", "--each")
    for (name, bound) in [("a-seed1", "100.00"), ("a-seed2", "102.00"), ("a-seed10", "107.00"), ("other", "101.00")] {
      #expect(try tableRow(name, each).contains(" \(bound) "))
    }
    #expect(!each.contains("a-seed*"))
    // A figure that no run has is over none of them.
    try directory.makeEvaluation(of: "a-seed1")
    try directory.makeEvaluation(of: "a-seed2")
    let none = try compare("a-seed1", "a-seed2", "a-seed10")
    #expect(none.contains("over 2 of 3 runs") && !none.contains("over 1 of 3 runs"), "\(none)")
    let markdown = try compare("a-seed1", "a-seed2", "--markdown")
    #expect(markdown.contains("| a-seed* [1] | ") && markdown.contains(" | 101.00 ±1.41 | "), "\(markdown)")
  }

  @Test func `JSON has the statistics, and each run below`() throws {
    try makeRuns()
    try directory.makeEvaluation(of: "a-seed1")
    let json = try compare("a-seed1", "a-seed2", "a-seed10", "other", "--json")
    let entries = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: Any]])
    #expect(entries.map { $0["name"] as? String } == ["other", "a-seed*"])
    #expect(entries[0]["validation"] as? Double == 101 && entries[0]["seed"] as? Int == 2)
    let group = entries[1]
    #expect(group["seeds"] as? [Int] == [1, 2, 10] && group["dataset"] as? String == "omniglot")
    let validation = try #require(group["validation"] as? [String: Any])
    #expect(validation["count"] as? Int == 3 && validation["mean"] as? Double == 103)
    #expect(abs(try #require(validation["standard_deviation"] as? Double) - 13.0.squareRoot()) < 1e-12)
    let test = try #require(group["test"] as? [String: Any])
    #expect(test["count"] as? Int == 1 && test["mean"] as? Double == 101.5 && test["standard_deviation"] == nil)
    #expect(group["likelihood"] is NSNull)
    #expect((group["evaluations_forward"] as? [String: Any])?["mean"] as? Double == 40)
    let runs = try #require(group["runs"] as? [[String: Any]])
    #expect(runs.map { $0["validation"] as? Double } == [100, 102, 107])
    #expect(runs.map { $0["path"] as? String } == ["a-seed1", "a-seed2", "a-seed10"])
    let each = try compare("a-seed1", "a-seed2", "--each", "--json")
    #expect((try JSONSerialization.jsonObject(with: Data(each.utf8)) as? [[String: Any]])?.count == 2)
  }

  @Test func `what differs in more than the seed, or in nothing, stays apart`() throws {
    try directory.makeRun("a", best: 1)
    try directory.makeRun("b", best: 2) { ($0.seed, $0.epochs) = (2, 100) }
    try directory.makeRun("c", best: 3) { ($0.seed, $0.dataDirectory) = (3, "/elsewhere") }
    let text = try compare("a", "b", "c", "a")
    for name in ["a, …", "b", "a"] { _ = try tableRow(name, text) }
    #expect(text.contains("of 2 runs, of seeds 1, 3;"))
  }

  @Test(arguments: [
    (["seed1", "seed2"], "seed*"), (["seed1", "seed10", "seed100"], "seed*"), (["x/1/run", "x/2/run"], "x/*/run"),
    (["a-1-b", "a-12-b"], "a-*-b"), (["one", "two"], "one, …"), (["a1", "a1x"], "a*"), (["only"], "only"),
  ])
  func `a common name has what is common`(names: [String], common: String) {
    #expect(ComparedGroup.commonName(names) == common)
  }

  @Test func `the curves of seeds are one, with a band`() throws {
    try makeRuns()
    let output = try Program.succeed(
      ["compare", "a-seed1", "a-seed2", "other", "--curves", "c.svg"], in: directory.url)
    #expect(output.standardError.contains("c.svg"))
    let svg = try XMLElements(String(contentsOf: directory.file("c.svg"), encoding: .utf8))
    #expect(svg["polyline"].count == 4 && svg["polygon"].count == 1 && svg["svg"].count == 1)
    #expect(svg["text"].contains { $0.text == "a-seed*" })
    try Program.succeed(["compare", "a-seed1", "a-seed2", "--each", "--curves", "c.svg"], in: directory.url)
    let each = try XMLElements(String(contentsOf: directory.file("c.svg"), encoding: .utf8))
    #expect(each["polyline"].count == 4 && each["polygon"].isEmpty)
  }

  @Test(arguments: ["epochs", "steps", "seconds"])
  func `nats and bits per dimension, and other datasets, have charts of their own`(against: String) throws {
    try directory.makeRun("omniglot", best: 110)
    try directory.makeRun("mnist", dataset: "mnist", best: 85)
    try directory.makeRun("grey", dataset: "freyfaces", best: 28 * 20 * 5 * log(2)) {
      ($0.model.imageWidth, $0.model.likelihood) = (20, .categorical)
    }
    // One folder of images, binary and grey.
    try directory.makeRun("own", dataset: "/pictures", best: 200)
    try directory.makeRun("own-grey", dataset: "/pictures", best: 784 * 6 * log(2)) {
      $0.model.likelihood = .categorical
    }
    try Program.succeed(
      ["compare", "own-grey", "omniglot", "mnist", "own", "grey", "--curves", "c.svg", "--against", against],
      in: directory.url)
    let svg = try XMLElements(String(contentsOf: directory.file("c.svg"), encoding: .utf8))
    // The picture, and a chart of two curves for each dataset and unit.
    #expect(svg["svg"].count == 6 && svg["polyline"].count == 10)
    let axes = svg["text"].map(\.text).filter { $0.hasPrefix("negative ELBO [") }
    let titles = svg["text"].filter { $0.attributes["font-weight"] == "bold" }.map(\.text)
    #expect(titles == ["/pictures", "/pictures", "freyfaces", "mnist", "omniglot"])
    #expect(axes == ["bits/dim", "nats", "bits/dim", "nats", "nats"].map { "negative ELBO [\($0)]" })
    let clips = svg["clipPath"].compactMap { $0.attributes["id"] }
    #expect(clips.count == 5 && Set(clips).count == 5)
    for level in [
      "FFJORD in the paper, test: 4.39", "FFJORD in the paper, test: 82.82", "FFJORD in the paper, test: 98.33",
    ] {
      #expect(svg["text"].contains { $0.text == level }, "no \(level)")
    }
    // Charts do not overlap, and the picture holds them all.
    let heights = svg["svg"].compactMap { $0.attributes["height"].flatMap { Double($0) } }
    let offsets = svg["g"].compactMap { $0.attributes["transform"] }
    #expect(abs(heights[0] - heights.dropFirst().reduce(0, +)) < 1e-6 && offsets.count == 5)
    #expect(offsets[1] == "translate(0 \(Int(heights[1])))")
  }
}
