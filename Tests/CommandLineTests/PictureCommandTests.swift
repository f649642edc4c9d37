import FileTestSupport
import Foundation
import ImageDatasets
import Testing

/// What the pictures of `interpolate`, `reconstruct`, `trajectory` and `latent` show.
@Suite(.serialized) struct PictureCommandTests {
  private static let glyphs = try! DatasetLoader.load(name: "glyphs").test
  private static let tile = 3 * 28
  let directory = try! TemporaryDirectory()
  let run: String

  init() throws { run = try TinyRun.shared.get().path }

  private func picture(_ arguments: String...) throws -> PNGImage {
    try Program.succeed([arguments[0], run, "--output", "p.png"] + arguments.dropFirst(), in: directory.url)
    return try PNGImage(contentsOf: directory.file("p.png"))
  }

  /// The tile whose upper left corner is at a place.
  private func tile(_ picture: PNGImage, top: Int, left: Int) -> [UInt8] {
    (top..<top + Self.tile).flatMap {
      picture.pixels[$0 * picture.width + left..<$0 * picture.width + left + Self.tile]
    }
  }

  /// An image of the data as a tile.
  private func original(_ index: Int) -> [UInt8] {
    ImageGrid(columns: 1, margin: 0).layOut(Self.glyphs.selecting([index])).pixels
  }

  @Test func `interpolations show the chosen originals at their ends`() throws {
    let picture = try picture("interpolate", "--images", "3,1500,7", "--steps", "4")
    let (margin, gap, rowGap) = (8, 4, 12)
    #expect(picture.width == 2 * margin + 6 * Self.tile + 5 * gap + 2 * gap)
    #expect(picture.height == 2 * margin + 2 * Self.tile + rowGap)
    let last = picture.width - margin - Self.tile
    for (row, ends) in [(3, 1500), (1500, 7)].enumerated() {
      let top = margin + row * (Self.tile + rowGap)
      #expect(tile(picture, top: top, left: margin) == original(ends.0))
      #expect(tile(picture, top: top, left: last) == original(ends.1))
    }
    // The image where two lines meet is decoded to the same picture.
    let first = margin + Self.tile + 2 * gap
    let end = first + 3 * (Self.tile + gap)
    let (a, b) = (tile(picture, top: margin, left: end), tile(picture, top: margin + Self.tile + rowGap, left: first))
    #expect(zip(a, b).allSatisfy { abs(Int($0) - Int($1)) <= 2 })
  }

  @Test func `images that are not there are refused`() throws {
    for (value, words) in [
      ("0,2000", "0…1999"), ("5", "two indices"), ("a,b", "such as 0,17,4, got a,b"), ("1,,2", "--images"),
      ("-1,2", "--images"),
    ] {
      let outcome = try Program.run(
        ["interpolate", run, "--output", "p.png", "--images=\(value)"], in: directory.url)
      #expect(outcome.status == 64 && outcome.standardError.contains(words), "\(outcome.standardError)")
    }
    #expect(try directory.names() == [])
  }

  @Test func `several reconstructions of an image differ where their deviation is dark`() throws {
    let plain = try picture("reconstruct", "--count", "1")
    let spread = try picture("reconstruct", "--count", "1", "--samples", "3")
    let (margin, gap) = (8, 4)
    #expect(spread.width == 2 * margin + 5 * Self.tile + 4 * gap + 2 * gap && spread.height == plain.height)
    let first = margin + Self.tile + 2 * gap
    let tiles = (0..<3).map { tile(spread, top: margin, left: first + $0 * (Self.tile + gap)) }
    #expect(tile(spread, top: margin, left: margin) == original(0))
    #expect(tiles[0] == tile(plain, top: margin, left: margin + Self.tile + gap))
    #expect(Set(tiles).count == 3)
    let deviation = tile(spread, top: margin, left: spread.width - margin - Self.tile)
    let expected: [Double] = deviation.indices.map { pixel in
      let shades = tiles.map { Double($0[pixel]) / 255 }
      let mean = shades.reduce(0, +) / 3
      return (shades.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 3).squareRoot()
    }
    // The greatest deviation is black. After so few steps it is less than a shade, so that means are compared.
    func mean(_ isWanted: (UInt8) -> Bool) -> Double {
      let chosen = zip(deviation, expected).filter { isWanted($0.0) }.map(\.1)
      return chosen.reduce(0, +) / Double(max(chosen.count, 1))
    }
    #expect(deviation.contains(0) && mean { $0 < 100 } > 1.5 * mean { $0 > 200 })
    try Program.fail(
      64, ["reconstruct", run, "--output", "q.png", "--samples", "0"], naming: ["--samples"], in: directory.url)
  }

  @Test func `the way of posteriors is drawn at every time, image by image`() throws {
    let arguments = ["trajectory", run, "--output", "t.svg", "--times", "3", "--particles", "5", "--images", "4,1"]
    let outcome = try Program.succeed(arguments, in: directory.url)
    #expect(outcome.standardError.contains("t.svg: 5 samples of each posterior of 2 images"))
    let svg = try String(contentsOf: directory.file("t.svg"), encoding: .utf8)
    func count(_ text: String) -> Int { svg.components(separatedBy: text).count - 1 }
    #expect(count("<circle ") == 2 * 3 * 5 && count("data:image/png;base64,") == 4)
    for words in ["t = 0 (z0)", "t = 0.25", "t = 0.5 (zT)", "image 4", "image 1", "first component ("] {
      #expect(svg.contains(words), "no \(words)")
    }
    // No density of a projection; the ways of the two later panels.
    #expect(count("<path ") == 2 * 2)
    try Program.succeed(arguments.map { $0 == "t.svg" ? "u.svg" : $0 }, in: directory.url)
    #expect(try Data(contentsOf: directory.file("u.svg")) == Data(svg.utf8))
  }

  @Test func `models of two dimensions show their density and their manifold`() throws {
    try Program.succeed(TinyRun.train("plane", "--steps", "2", "--latent", "2"), in: directory.url)
    try Program.succeed(
      ["trajectory", "plane", "--output", "t.svg", "--times", "2", "--count", "1", "--particles", "9"],
      in: directory.url)
    let svg = try String(contentsOf: directory.file("t.svg"), encoding: .utf8)
    #expect(svg.contains("z₁") && svg.contains("<title>99 % of the density</title>") && !svg.contains("component"))
    try Program.succeed(["latent", "plane", "--output", "m.png", "--steps", "5"], in: directory.url)
    let picture = try PNGImage(contentsOf: directory.file("m.png"))
    #expect(picture.width == 2 * 8 + 5 * 56 && picture.height == picture.width)
  }

  @Test func `what cannot be drawn says what to do`() throws {
    try Program.fail(
      64, ["latent", run, "--output", "m.png"], naming: ["2 latent dimensions", "has 4", "train --latent 2"],
      in: directory.url)
    for (name, options) in [("planar", ["--flow", "planar"]), ("line", ["--latent", "1"])] {
      try Program.succeed(TinyRun.train(name, ["--steps", "1"] + options), in: directory.url)
    }
    let draw = ["--output", "t.svg"]
    try Program.fail(
      64, ["trajectory", "planar"] + draw, naming: ["is planar", "train --flow ffjord"], in: directory.url)
    try Program.fail(64, ["trajectory", "line"] + draw, naming: ["one latent dimension"], in: directory.url)
    try Program.fail(
      64, ["trajectory", run] + draw + ["--times", "1"], naming: ["--times must be 2…20"], in: directory.url)
    try Program.fail(64, ["trajectory", run] + draw + ["--images", "2000"], naming: ["0…1999"], in: directory.url)
    try Program.fail(64, ["trajectory", run, "--output", "t.png"], naming: [".svg"], in: directory.url)
    try Program.fail(66, ["trajectory", "nowhere"] + draw, naming: ["nowhere"], in: directory.url)
  }
}
