import FileTestSupport
import Foundation
import ImageDatasets
import Runs
import Testing
import VariationalAutoencoder

/// `ffjord-vae report`: what it shows of runs that are whole, and of those that are not.
@Suite(.serialized) struct ReportCommandTests {
  let directory = try! TemporaryDirectory()

  /// A copy of the shared run that a test may damage.
  @discardableResult
  private func copy(_ name: String) throws -> URL {
    let copy = directory.file(name)
    try FileManager.default.copyItem(at: TinyRun.shared.get(), to: copy)
    try? FileManager.default.removeItem(at: copy.appending(path: "evaluations.jsonl"))
    return copy
  }

  @discardableResult
  private func report(_ arguments: String...) throws -> (page: ReportedPage, messages: String) {
    let outcome = try Program.succeed(
      ["report"] + arguments + ["--output", "r.html", "--limit", "60"], in: directory.url)
    return (try ReportedPage(directory.file("r.html")), outcome.standardError)
  }

  private static let dataSections = ["Reconstructions", "Interpolations", "Strangest images", "Map of latent codes"]

  @Test func `a run has results, curves, pictures, a map and its configuration`() throws {
    try copy("run")
    try Program.succeed(["evaluate", "run", "--limit", "20"], in: directory.url)
    let (page, _) = try report("run")
    #expect(
      page.sections == [
        "Results", "Training", "Reconstructions", "Samples", "Interpolations", "Strangest images",
        "Map of latent codes",
        "Configuration", "Terms",
      ])
    #expect(page.remarks == [])
    let rows = page["th"].filter { $0.attributes["scope"] == "row" }.map(\.text)
    for row in ["test, epoch 2", "test, for this report", "validation, last epoch (2)", "solver", "seed"] {
      #expect(rows.contains(row), "\(rows)")
    }
    #expect(page["td"].contains { $0.text == "20 of 2000" } && page["td"].contains { $0.text == "60 of 2000" })
    // Four pictures and twelve strange images, all of them whole.
    let pictures = page["img"].compactMap { $0.attributes["src"]?.dropFirst("data:image/png;base64,".count) }
    #expect(pictures.count == 15)
    for picture in pictures {
      let file = directory.file("picture.png")
      try #require(Data(base64Encoded: String(picture))).write(to: file)
      #expect(Set(try PNGImage(contentsOf: file).pixels).count > 2)
    }
    // Points of the map have names and labels, and so have the colours of its legend.
    #expect(
      page["circle"].count > 60
        && page["title"].contains { $0.text.hasPrefix("image ") && $0.text.contains(", digit ") })
    #expect((0...9).allSatisfy { digit in page["text"].contains { $0.text == "digit \(digit)" } })
    #expect(page["polyline"].count == 6)
  }

  @Test func `the strangest images have the lowest scores, which 'score' gives, too`() throws {
    let run = try copy("run")
    let (page, _) = try report("run")
    try Program.succeed(["score", run.path, "--output", "s.csv"], in: directory.url)
    let scores = try String(contentsOf: directory.file("s.csv"), encoding: .utf8).split(separator: "\n").dropFirst()
      .map { -(Double($0.split(separator: ",")[1]) ?? .nan) }
    let captions = page["figcaption"].map(\.text).filter { $0.contains(" nats, image ") }
    try #require(captions.count == 12)
    let shown = captions.map { Double($0.prefix { $0 != " " }) ?? .nan }
    #expect(shown == shown.sorted(by: >))
    // The noise of an image goes with its place among those that are scored, so that scores agree but for that.
    let spread = (0..<60).map { scores[$0 * 2000 / 60] }.sorted(by: >)
    #expect(abs(shown[0] - spread[0]) < 0.1 * spread[0])
  }

  @Test func `the same files give the same page, and --limit and the seed are heeded`() throws {
    try copy("run")
    try report("run")
    let first = try Data(contentsOf: directory.file("r.html"))
    try report("run")
    #expect(try Data(contentsOf: directory.file("r.html")) == first)
    try report("run", "--seed", "2")
    #expect(try Data(contentsOf: directory.file("r.html")) != first)
    #expect(try directory.names() == ["r.html", "run"])
    try Program.fail(
      64, ["report", "run", "--output", "r.html", "--limit", "0"], naming: ["--limit", "100000"], in: directory.url)
  }

  @Test func `names with any characters are text, and nothing else`() throws {
    let name = "a<b>&\"'--><img src=x>\u{202E}\u{1B}[2J"
    let run = try copy(name)
    var configuration = TrainingConfiguration()
    configuration.dataset = "/<script>alert(1)</script>\u{9B}31m"
    try Data(configuration.json().utf8).write(to: run.appending(path: "config.json"))
    let (page, messages) = try report(name)
    let shown = #"a<b>&"'--><img src=x>\u202e\u001b[2J"#
    #expect(page["h2"].map(\.text) == [shown])
    #expect(page["text"].contains { $0.text == shown })
    #expect(page["td"].contains { $0.text == #"/<script>alert(1)</script>\u009b31m"# })
    #expect(!messages.unicodeScalars.contains("\u{1B}"))
    let text = try String(contentsOf: directory.file("r.html"), encoding: .utf8)
    #expect(!text.unicodeScalars.contains { ["\u{202E}", "\u{1B}", "\u{9B}"].contains($0) })
  }

  @Test func `several runs are compared, each dataset and unit in charts of its own`() throws {
    try copy("a")
    let grey = try copy("grey")
    var configuration = try TrainingConfiguration(
      json: String(contentsOf: grey.appending(path: "config.json"), encoding: .utf8))
    (configuration.dataset, configuration.model.likelihood) = ("freyfaces", .categorical)
    try Data(configuration.json().utf8).write(to: grey.appending(path: "config.json"))
    try copy("b")
    let (page, _) = try report("a", "grey", "b")
    #expect(page["a"].map(\.text) == ["a", "grey", "b"])
    #expect(page["h2"].map(\.text) == ["3 runs", "a", "grey", "b"])
    #expect(page.sections.prefix(2) == ["glyphs [nats]", "freyfaces [bits/dim]"])
    // A comparison of two runs, two charts of each run, and a map of each.
    #expect(page.charts.count == 10)
    #expect(page.charts.allSatisfy { !($0.contains("nats") && $0.contains("bits/dim")) })
    #expect(page.charts.filter { $0.contains("bits/dim") }.count == 2)
  }

  @Test func `damaged metrics are left out and named, and the rest is shown`() throws {
    let run = try copy("run")
    let file = run.appending(path: "metrics.jsonl")
    var lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
    let training = try #require(lines.firstIndex { $0.contains(#""split":"train""#) })
    lines[training] = String(lines[training].dropLast(9))
    try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: file)
    try Data("{\n{\n{\n{\n{\n{\n{\n{\n".utf8).write(to: run.appending(path: "evaluations.jsonl"))
    let (page, messages) = try report("run")
    #expect(
      page.remarks.count == 7 && page.remarks[0].contains("metrics.jsonl")
        && page.remarks[0].contains("line \(training + 1)"))
    #expect(page.remarks.last == "3 more lines are damaged" && messages.contains("line \(training + 1)"))
    #expect(page.sections.contains("Training") && Set(page.sections).isSuperset(of: Self.dataSections))
    #expect(page["polyline"].count == 6)
    // Nothing is left of the configuration and the metrics.
    try Data("{".utf8).write(to: run.appending(path: "config.json"))
    try Data([0xFF, 0x0A]).write(to: file)
    let (poor, _) = try report("run")
    #expect(poor.remarks.contains { $0.contains("config.json") } && poor.remarks.contains { $0.contains("line 1") })
    #expect(poor["p"].contains { $0.text.contains("No epoch is finished") })
    #expect(Set(poor.sections).isSuperset(of: Self.dataSections))
  }

  @Test func `without checkpoints there are results and curves, and a note`() throws {
    let run = try copy("run")
    let checkpoints = [Checkpoint.lastName, Checkpoint.bestName]
    for name in checkpoints { try Data("no checkpoint".utf8).write(to: run.appending(path: name)) }
    for isDamaged in [true, false] {
      if !isDamaged { for name in checkpoints { try FileManager.default.removeItem(at: run.appending(path: name)) } }
      let (page, _) = try report("run")
      #expect(
        page.remarks.last?.contains("there is no checkpoint") == true && page.remarks.count == (isDamaged ? 2 : 1))
      #expect(page.sections == ["Results", "Training", "Configuration", "Terms"])
      #expect(page["img"].isEmpty && page["polyline"].count == 6)
    }
  }

  @Test func `without data there are samples, and a note`() throws {
    try copy("run")
    let (page, messages) = try report("run", "--dataset", "omniglot")
    #expect(page.sections == ["Results", "Training", "Samples", "Configuration", "Terms"])
    #expect(page.remarks.count == 1 && page.remarks[0].contains("chardata.mat") && messages.contains("chardata.mat"))
    #expect(page["img"].count == 1)
  }

  @Test func `a checkpoint alone has all but what only a run has`() throws {
    let run = try copy("run")
    let (page, _) = try report(run.appending(path: Checkpoint.lastName).path)
    #expect(page["h2"].map(\.text) == [Checkpoint.lastName])
    #expect(
      page.sections == ["Results", "Reconstructions", "Samples"] + Self.dataSections.dropFirst() + [
        "Configuration", "Terms",
      ])
    #expect(page["th"].contains { $0.text.hasPrefix("validation, best epoch") } && page.remarks == [])
  }

  @Test func `what is neither run nor checkpoint is an error, and no page is written`() throws {
    let run = try copy("run")
    try FileManager.default.createDirectory(at: directory.file("folder"), withIntermediateDirectories: false)
    try Data("{".utf8).write(to: directory.file("file"))
    for (status, path) in [(66, "nowhere"), (66, "folder"), (65, "file")] as [(Int32, String)] {
      try Program.fail(status, ["report", "run", path, "--output", "r.html"], naming: [path], in: directory.url)
    }
    try Program.fail(64, ["report", "run", "--output", "r.htm"], naming: [".html"], in: directory.url)
    #expect(try directory.names() == ["file", "folder", "run"])
    // A page that is there stays whole where the next cannot be written.
    try report("run")
    let before = try Data(contentsOf: directory.file("r.html"))
    for name in [Checkpoint.lastName, Checkpoint.bestName, "config.json"] {
      try FileManager.default.removeItem(at: run.appending(path: name))
    }
    try Program.fail(66, ["report", "run", "--output", "r.html"], in: directory.url)
    #expect(try Data(contentsOf: directory.file("r.html")) == before)
  }
}
