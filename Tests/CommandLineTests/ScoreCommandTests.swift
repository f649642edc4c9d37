import FileTestSupport
import Foundation
import ImageDatasets
import Randomness
import Runs
import Safetensors
import Testing

/// `score`: several scores, images of any kind to rank against, and the picture of the strangest.
@Suite(.serialized) struct ScoreCommandTests {
  let directory = try! TemporaryDirectory()
  let run: String

  init() throws { run = try TinyRun.shared.get().path }

  /// A folder of pictures of light spots on black, half of them bright.
  private func writeFolder(_ count: Int = 12) throws {
    try FileManager.default.createDirectory(at: directory.file("spots"), withIntermediateDirectories: true)
    for number in 0..<count {
      let stream = RandomStream(seed: UInt64(number), purpose: .test)
      let pixels = (0..<28 * 28).map { stream.uniform(at: $0) < 0.2 ? UInt8(number % 2 == 0 ? 255 : 100) : 0 }
      try PNGImage(height: 28, width: 28, pixels: pixels).write(to: directory.file("spots/\(number).png"))
    }
  }

  @discardableResult
  private func score(_ arguments: String...) throws -> Program.Outcome {
    try Program.succeed(["score", run, "--limit", "20"] + arguments, in: directory.url)
  }

  /// A column of a file of scores.
  private func column(_ name: String, of file: String) throws -> [Double] {
    let rows = try String(contentsOf: directory.file(file), encoding: .utf8).split(separator: "\n")
      .map { $0.split(separator: ",") }
    let place = try #require(rows[0].firstIndex { $0 == name }, "\(rows[0])")
    return try rows.dropFirst().map { try #require(Double($0[place])) }
  }

  /// The share of pairs in the right order, and the average precision by its definition, without ties.
  private func figures(_ inside: [Double], _ outside: [Double]) -> (area: Double, precision: Double) {
    let pairs = inside.flatMap { a in outside.map { a > $0 ? 1.0 : 0 } }
    let precisions = outside.map { score -> Double in
      let (found, wrong) = (outside.count { $0 <= score }, inside.count { $0 <= score })
      return Double(found) / Double(found + wrong)
    }
    return (pairs.reduce(0, +) / Double(pairs.count), precisions.reduce(0, +) / Double(precisions.count))
  }

  private func results(_ json: String) throws -> [[String: Any]] {
    try #require(try object(json)["scores"] as? [[String: Any]])
  }

  @Test func `a person's images are ranked by every score`() throws {
    try writeFolder()
    let methods = ["--method", "bound", "--method", "typicality", "--method", "complexity"]
    let own = ["--binarize", "threshold"]
    let outcome = try Program.succeed(
      ["score", run, "--limit", "20", "--output", "in.csv", "--against", "./spots", "--json"] + methods + own,
      in: directory.url)
    try Program.succeed(
      ["score", run, "--dataset", "./spots", "--split", "all", "--output", "out.csv"] + methods + own,
      in: directory.url)
    let text = try object(outcome.standardOutput)
    #expect(
      text["dataset"] as? String == "glyphs" && text["split"] as? String == "test" && text["images"] as? Int == 20)
    let scores = try results(outcome.standardOutput)
    #expect(scores.compactMap { $0["method"] as? String } == ["bound", "typicality", "complexity"])
    for (score, name) in zip(scores, ["elbo", "typicality", "complexity"]) {
      let (inside, outside) = (try column(name, of: "in.csv"), try column(name, of: "out.csv"))
      let against = try #require((score["against"] as? [[String: Any]])?.first)
      #expect(against["dataset"] as? String == "./spots" && against["images"] as? Int == 12)
      func number(_ dictionary: [String: Any], _ key: String) throws -> Double {
        try #require(dictionary[key] as? Double)
      }
      let expected = figures(inside, outside)
      #expect(abs(try number(against, "auroc") - expected.area) < 1e-12)
      #expect(abs(try number(against, "average_precision") - expected.precision) < 1e-12)
      #expect(abs(try number(score, "mean") - inside.reduce(0, +) / 20) < 1e-3)
      #expect(abs(try number(against, "mean") - outside.reduce(0, +) / 12) < 1e-3)
    }
    // Typicality is the distance from one number, that of the validation images, whichever images are scored.
    let validation = try Program.succeed(
      ["evaluate", run, "--split", "validation", "--limit", "20", "--json"], in: directory.url)
    let usual = -(try #require(try object(validation.standardOutput)["negative_elbo"] as? Double))
    for (elbo, typicality) in zip(try column("elbo", of: "in.csv"), try column("typicality", of: "in.csv")) {
      #expect(abs(typicality + abs(elbo - usual)) < 1e-3)
    }
  }

  @Test func `images made of the model's own, and other datasets, stand in a table`() throws {
    let text = try score("--output", "s.npy", "--against", "noise", "--against", "inverted", "--against", "glyphs")
      .standardOutput
    let lines = text.split(separator: "\n")
    #expect(lines.count == 6 && lines[1] == "bound: the ELBO", "\(text)")
    let rows = lines.dropFirst(2).map { $0.split(separator: " ").map(String.init) }
    #expect(rows[0].prefix(3) == ["glyphs,", "test", "20"] && rows[1].prefix(3) == ["against", "noise", "20"])
    // Even a model that has hardly been trained knows that glyphs are mostly paper.
    #expect(rows[2].suffix(2) == ["1.0000", "1.0000"])
    // The same images: each ties with itself.
    #expect(rows[3][3...4] == ["20", rows[0][3]] && rows[3][5] == "0.5000", "\(rows[3])")
    #expect(try score("--output", "s.npy").standardOutput == "")
    #expect(try score().standardOutput.split(separator: "\n").count == 3)
  }

  @Test func `a model is as likely as itself`() throws {
    let outcome = try score(
      "--method", "likelihood-ratio", "--method", "bound", "--background", run, "--against", "inverted", "--json",
      "--output", "s.npy")
    let scores = try results(outcome.standardOutput)
    #expect(scores.compactMap { $0["method"] as? String } == ["bound", "likelihood-ratio"])
    #expect(scores[1]["mean"] as? Double == 0)
    let against = try #require((scores[1]["against"] as? [[String: Any]])?.first)
    #expect(against["auroc"] as? Double == 0.5 && against["average_precision"] as? Double == 0.5)
    // Several scores of an image are a row.
    let npy = try Data(contentsOf: directory.file("s.npy"))
    #expect(String(decoding: npy.prefix(128), as: UTF8.self).contains("'shape': (20, 2)"))
  }

  @Test func `the strangest images are drawn, others in a frame`() throws {
    let outcome = try score("--against", "inverted", "--picture", "p.png", "--count", "6")
    #expect(
      outcome.standardError.contains("the 6 strangest images of 40") && outcome.standardError.contains("6 in a frame"))
    let picture = try PNGImage(contentsOf: directory.file("p.png"))
    let (tile, gap, margin, columns) = (84, 4, 8, 2)
    #expect(picture.width == 2 * margin + columns * (2 * tile + gap) + 3 * gap)
    #expect(picture.height == 2 * margin + 3 * tile + 2 * 3 * gap)
    // Three pixels of frame around each pair.
    #expect(picture.pixels[(margin - 1) * picture.width + margin] == 70)
    #expect(picture.pixels[(margin - 4) * picture.width + margin] == 226)
    let plain = try score("--picture", "q.png", "--count", "6")
    #expect(plain.standardError.contains("the 6 strangest images of 20, each with its reconstruction\n"))
    #expect(try PNGImage(contentsOf: directory.file("q.png")).pixels[(margin - 1) * picture.width + margin] == 226)
    // The strangest of all is the first.
    try score("--output", "s.csv")
    let bounds = try column("elbo", of: "s.csv")
    let lowest = try #require(bounds.indices.min { bounds[$0] < bounds[$1] })
    let original = ImageGrid(columns: 1, margin: 0)
      .layOut(try DatasetLoader.load(name: "glyphs").test.selecting([lowest])).pixels
    let drawn = try PNGImage(contentsOf: directory.file("q.png"))
    let first = (0..<tile).flatMap { row in drawn.pixels[((margin + row) * drawn.width + margin)...].prefix(tile) }
    #expect(first == original)
  }

  @Test(arguments: [
    ("--method likelihood-ratio", 64, "needs --background"),
    ("--background RUN", 64, "needs --method likelihood-ratio"),
    ("--method best", 64, "--method must be one of bound, typicality, complexity, likelihood-ratio, got best"),
    ("--against nonesuch", 64, "nonesuch"), ("--against noise --resize 28x28", 64, "--resize is for your own images"),
    ("--method likelihood-ratio --background nowhere", 66, "nowhere"), ("--count 0 --picture p.png", 64, "--count"),
    ("--picture p.svg", 64, "--picture must be a name that ends in .png"),
    ("--against freyfaces", 66, "freyfaces"),
  ])
  func `what cannot be scored is refused`(arguments: String, status: Int, words: String) throws {
    let words = [words]
    try Program.fail(
      Int32(status),
      ["score", run, "--limit", "5"] + arguments.replacing("RUN", with: run).split(separator: " ").map(String.init),
      naming: words, in: directory.url)
    #expect(try directory.names() == [])
  }

  @Test func `other images that are not there are missed`() throws {
    let outcome = try Program.run(["score", run, "--limit", "5", "--against", "./missing"], in: directory.url)
    #expect(outcome.status == 66 && outcome.standardError.contains("missing. Give the path"))
  }

  @Test func `a background for other images is refused`() throws {
    try writeFolder(20)
    try Program.succeed(
      TinyRun.train("other", "--dataset", "./spots", "--resize", "20x20", "--binarize", "threshold", "--steps", "1"),
      in: directory.url)
    try Program.fail(
      64, ["score", run, "--method", "likelihood-ratio", "--background", "other"],
      naming: ["--background must take binary images of 28x28", "20x20"], in: directory.url)
  }
}
