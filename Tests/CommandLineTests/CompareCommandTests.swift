import FileTestSupport
import Foundation
import Runs
import Testing
import VariationalAutoencoder

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// `ffjord-vae compare`, and what `evaluate` leaves for it.
@Suite(.serialized) struct CompareCommandTests {
  let directory = try! TemporaryDirectory()

  @Test func `a table has the runs by dataset and bound, with the paper's figures`() throws {
    try directory.makeRun("worse", best: 120) { $0.model.flow = .iaf }
    try directory.makeRun("better", best: 110)
    try directory.makeRun("grey", dataset: "freyfaces", best: 28 * 20 * 5 * log(2)) {
      ($0.model.imageWidth, $0.model.likelihood) = (20, .categorical)
    }
    try directory.makeRun("other", dataset: "glyphs", best: 90) { $0.limitEvaluation = 77 }
    try directory.makeEvaluation(of: "better", #"{"nll":99.25,"nll_standard_error":0.2,"importance_samples":500}"#)
    try directory.makeEvaluation(of: "worse", #"{"images":100,"epoch":2}"#)
    let outcome = try Program.succeed(["compare", "worse", "grey", "other", "better"], in: directory.url)
    let text = outcome.standardOutput
    #expect(outcome.standardError == "")
    let places = try ["grey", "other", "better", "worse"].map { name in
      try #require(text.range(of: "\n\(name) ")).lowerBound
    }
    #expect(places == places.sorted(), "\(text)")
    for words in ["ffjord 5×512-512, rank 20", "110.00", "101.50 ±0.25", "99.25", "40/36", " 100 ", " 98.33"] {
      #expect(try tableRow("better", text).contains(words), "no \(words) in: \(text)")
    }
    for words in ["iaf 16×1280", "120.00", " 102.41"] {
      #expect(try tableRow("worse", text).contains(words), "no \(words) in: \(text)")
    }
    #expect(try tableRow("grey", text).contains(" 5.000 ") && tableRow("grey", text).hasSuffix(" 4.39"))
    #expect(try tableRow("other", text).hasSuffix(" -"))
    for words in [
      "freyfaces [bits/dim]", "glyphs [nats]", "omniglot [nats]\nthe paper's test: no flow 104.28 ±0.39,",
      "planar 102.65 ±0.42",
      "500 importance samples", "over 100 of 8070 test images", "of epoch 2, and the best is now epoch 3",
      "there is no checkpoint to evaluate yet", "over the first 77 validation images",
    ] {
      #expect(text.contains(words), "no \(words) in: \(text)")
    }
    // Numbers of a column end at one place, whatever marks follow.
    let ends = try ["better", "worse"].map { name in
      try tableRow(name, text).components(separatedBy: "0.00")[0].count
    }
    #expect(ends[0] == ends[1], "\(text)")
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 120 && !$0.hasSuffix(" ") })
  }

  @Test func `Markdown and JSON have the same figures`() throws {
    try directory.makeRun("a|b", best: 110)
    let markdown = try Program.succeed(["compare", "a|b", "--markdown"], in: directory.url).standardOutput
    let lines = markdown.split(separator: "\n")
    #expect(lines.contains { $0.hasPrefix("| a\\|b | ffjord") && $0.hasSuffix("| 98.33 |") }, "\(markdown)")
    let cells = lines.filter { $0.hasPrefix("|") }.map { $0.replacing("\\|", with: "").filter { $0 == "|" }.count }
    #expect(cells.count == 3 && Set(cells).count == 1)
    let json = try Program.succeed(["compare", "a|b", "--json"], in: directory.url).standardOutput
    let all = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: Any]]
    let entry = try #require(all?.first)
    #expect(all?.count == 1 && entry["name"] as? String == "a|b" && entry["path"] as? String == "a|b")
    #expect(entry["validation"] as? Double == 110 && entry["best_epoch"] as? Int == 3)
    #expect(entry["published"] as? Double == 98.33 && entry["seconds_per_epoch"] as? Double == 100)
    #expect(entry["test"] is NSNull && entry["parameters"] is NSNull)
  }

  @Test func `curves are drawn for each run that has epochs, under names of their own`() throws {
    try directory.makeRun("x/<run>", best: 110)
    try directory.makeRun("y/<run>", best: 120, epochs: 1)
    try directory.makeRun("empty", best: 0, epochs: 0)
    for against in ["epochs", "steps", "seconds"] {
      let outcome = try Program.succeed(
        ["compare", "x/<run>", "y/<run>", "empty", "x/<run>", "--curves", "c.svg", "--against", against],
        in: directory.url)
      #expect(outcome.standardError.contains("empty has no finished epoch"))
      let file = directory.file("c.svg")
      let text = try String(contentsOf: file, encoding: .utf8)
      #expect(XMLParser(data: try Data(contentsOf: file)).parse())
      // Validation and training of three curves.
      #expect(text.components(separatedBy: "<polyline ").count == 7)
      for name in ["x/&lt;run&gt;", "y/&lt;run&gt;", "x/&lt;run&gt; (2)", "FFJORD in the paper, test: 98.33"] {
        #expect(text.contains(">\(name)<"), "no \(name) in: \(text)")
      }
      try FileManager.default.removeItem(at: file)
    }
  }

  @Test func `an evaluation of a run is kept and found`() throws {
    try FileManager.default.copyItem(at: TinyRun.shared.get(), to: directory.file("tiny"))
    try? FileManager.default.removeItem(at: directory.file("tiny/evaluations.jsonl"))
    func compare() throws -> String {
      try Program.succeed(["compare", "tiny"], in: directory.url).standardOutput
    }
    #expect(try compare().contains("found by: ffjord-vae evaluate tiny"))
    let part = try object(
      Program.succeed(
        ["evaluate", "tiny", "--limit", "20", "--divergence", "gaussian", "--json"], in: directory.url
      ).standardOutput)
    let text = try compare()
    let elbo = try #require(part["negative_elbo"] as? Double)
    #expect(try tableRow("tiny", text).contains(String(format: "%.2f ±", elbo)), "\(text)")
    #expect(text.contains("over 20 of 2000 test images"))
    // A file is no run: nothing is kept.
    try Program.succeed(
      ["evaluate", "tiny/last.safetensors.zst", "--limit", "10", "--divergence", "gaussian"], in: directory.url)
    #expect(try compare() == text)
    let lines = try String(contentsOf: directory.file("tiny/evaluations.jsonl"), encoding: .utf8)
      .split(separator: "\n")
    #expect(lines.count == 1)
    #expect(try NSDictionary(dictionary: object(lines[0])) == NSDictionary(dictionary: part))
  }

  @Test func `figures are printed where they cannot be kept`() throws {
    try FileManager.default.copyItem(at: TinyRun.shared.get(), to: directory.file("run"))
    let file = directory.file("run/evaluations.jsonl")
    try? FileManager.default.removeItem(at: file)
    try FileManager.default.createDirectory(at: file, withIntermediateDirectories: false)
    let outcome = try Program.succeed(
      ["evaluate", "run", "--limit", "10", "--divergence", "gaussian"], in: directory.url)
    #expect(outcome.standardOutput.contains("negative ELBO"))
    #expect(outcome.standardError.contains("warning") && outcome.standardError.contains("evaluations.jsonl"))
  }

  @Test func `what cannot be compared or drawn is an error that says why`() throws {
    try directory.makeRun("run", best: 1)
    try directory.makeRun("empty", best: 0, epochs: 0)
    try Data("{".utf8).write(to: directory.file("file"))
    try FileManager.default.createDirectory(at: directory.file("folder"), withIntermediateDirectories: false)
    func fail(_ status: Int32, _ arguments: String..., naming words: String...) throws {
      try Program.fail(status, ["compare"] + arguments, naming: words, in: directory.url)
    }
    try fail(66, "run", "nowhere", naming: "nowhere", "no run")
    try fail(66, "folder", naming: "folder", "config.json")
    // A pattern names it beside runs.
    let beside = try Program.succeed(["compare", "folder", "run"], in: directory.url)
    #expect(beside.standardError.contains("there is no run at folder"), "\(beside.standardError)")
    #expect(beside.standardOutput == (try Program.succeed(["compare", "run"], in: directory.url).standardOutput))
    try fail(65, "file", naming: "file", "directory of a run")
    try fail(65, "empty", "--curves", "c.svg", naming: "no finished epoch")
    try fail(64, "run", "--curves", "c.png", naming: ".svg")
    try fail(64, "run", "--json", "--markdown", naming: "--markdown")
    try fail(64, naming: "run")
    try fail(74, "run", "--curves", "nowhere/c.svg", naming: "nowhere")
    try Data("{".utf8).write(to: directory.file("run/config.json"))
    try fail(65, "run", naming: "config.json")
  }
}
