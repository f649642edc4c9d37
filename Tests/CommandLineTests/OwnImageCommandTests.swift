import FileTestSupport
import Foundation
import ImageDatasets
import Randomness
import Runs
import Safetensors
import Tensors
import Testing

/// Folders of a person's own images, from training to pictures and scores.
@Suite(.serialized) struct OwnImageCommandTests {
  let directory = try! TemporaryDirectory()

  /// Light squares on black, of a size; other shades for other numbers.
  private func write(_ name: String, _ number: Int, height: Int = 30, width: Int = 22) throws {
    let stream = RandomStream(seed: UInt64(number), purpose: .test)
    let (top, left) = (Int(stream.uniform(at: 0) * Float(height - 9)), Int(stream.uniform(at: 1) * Float(width - 9)))
    let pixels = (0..<height * width).map { index -> UInt8 in
      let (row, column) = (index / width - top, index % width - left)
      return (0..<8).contains(row) && (0..<8).contains(column) ? UInt8(200 + number % 50) : 0
    }
    let file = directory.file(name)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try PNGImage(height: height, width: width, pixels: pixels).write(to: file)
  }

  private func writeFolder(_ count: Int = 60) throws {
    for number in 0..<count { try write("pictures/\(number % 2 == 0 ? "even" : "odd")/\(number).png", number) }
  }

  private func train(_ more: String...) -> [String] {
    TinyRun.train("run", ["--dataset", "./pictures", "--epochs", "1", "--divergence", "rademacher"] + more)
  }

  /// The shades of the picture's images, most common first: the background between images is no extreme.
  private func shareOfBlack(_ name: String) throws -> Double {
    let pixels = try PNGImage(contentsOf: directory.file(name)).pixels.filter { $0 != 226 }
    return Double(pixels.count { $0 < 64 }) / Double(pixels.count)
  }

  @Test func `light on dark stays so in every picture, binary or grey`() throws {
    try writeFolder()
    for binarization in ["threshold", "none"] {
      try Program.succeed(train("--binarize", binarization, "--overwrite"), in: directory.url)
      try Program.succeed(["reconstruct", "run", "--output", "r.png", "--count", "4"], in: directory.url)
      let originals = try PNGImage(contentsOf: directory.file("r.png")).pixels
      #expect(originals.contains { $0 < 10 } && originals.contains { $0 > 229 || (195..<226).contains($0) })
      // A left image's first pixel, in the corner behind the margin, is black or in the square.
      #expect(try shareOfBlack("r.png") > 0.3, "\(binarization)")
    }
    // Binary: the exact originals beside the reconstructions of an untrained model, which are half grey.
    try Program.succeed(train("--binarize", "threshold", "--invert", "--overwrite"), in: directory.url)
    try Program.succeed(["reconstruct", "run", "--output", "i.png", "--count", "4"], in: directory.url)
    #expect(try shareOfBlack("i.png") > 0.3)
    try Program.succeed(["sample", "run", "--output", "s.png", "--count", "4"], in: directory.url)
    try Program.succeed(["interpolate", "run", "--output", "l.png", "--rows", "2"], in: directory.url)
  }

  @Test func `scores and codes name files and classes`() throws {
    try writeFolder()
    try write("pictures/a,b \"c\"/61.png", 61)
    try Program.succeed(train("--binarize", "dynamic"), in: directory.url)
    try Program.succeed(["score", "run", "--output", "s.csv", "--split", "all"], in: directory.url)
    let lines = try String(contentsOf: directory.file("s.csv"), encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 62 && lines[0] == "image,file,label,elbo,reconstruction,kl")
    #expect(lines[1].hasPrefix("0,\"a,b \"\"c\"\"/61.png\",\"a,b \"\"c\"\"\",-"))
    #expect(lines[2].hasPrefix("1,even/0.png,even,-") && lines[61].hasPrefix("60,odd/9.png,odd,-"))
    try Program.succeed(["encode", "run", "--output", "c.safetensors", "--split", "train"], in: directory.url)
    let file = try SafetensorsFile(directory.file("c.safetensors"))
    let files = try #require(file.entries.first { $0.name == "file" })
    #expect(files.elementType == .uint8 && files.shape[0] == file.entries.first { $0.name == "mean" }?.shape[0])
    #expect(file.entries.contains { $0.name == "label" })
    let plain = try Program.succeed(["score", "run", "--output", "s.npy"], in: directory.url)
    #expect(plain.standardError.contains("no room for the images' files"))
  }

  @Test func `changed data are noticed, counted and refused`() throws {
    try writeFolder()
    try Program.succeed(train(), in: directory.url)
    let same = try Program.succeed(["evaluate", "run"], in: directory.url)
    #expect(!same.standardError.contains("trained on"), "\(same.standardError)")
    for number in [4, 5, 6, 7] {
      let folder = number % 2 == 0 ? "even" : "odd"
      try FileManager.default.removeItem(at: directory.file("pictures/\(folder)/\(number).png"))
    }
    for number in 70..<75 { try write("pictures/\(number).png", number) }
    // The split is each image's own: no test image was trained on.
    let test = try Program.succeed(["evaluate", "run", "--split", "test", "--json"], in: directory.url)
    #expect(test.standardError.contains("not those of the run"), "\(test.standardError)")
    #expect(test.standardError.contains(": 0 of the "), "\(test.standardError)")
    let state = try Checkpoint.read(directory.file("run/last.safetensors.zst"), includingOptimizer: false).state
    var expected = 0
    for number in (0..<60).filter({ !(4...7).contains($0) }) + Array(70..<75) {
      let path = number < 60 ? "pictures/\(number % 2 == 0 ? "even" : "odd")/\(number).png" : "pictures/\(number).png"
      let image = try PNGImage(contentsOf: directory.file(path))
      let identity = ImageIdentity.of(
        height: image.height, width: image.width, intensities: image.pixels.map { Float($0) / 255 })
      expected += state.trainedImages?.count(among: [identity]) ?? 0
    }
    #expect(expected > 30)
    for command in [
      ["evaluate", "run"], ["score", "run", "--output", "s.csv"], ["encode", "run", "--output", "c.csv"],
    ] {
      let all = try Program.succeed(command + ["--split", "all"], in: directory.url)
      #expect(all.standardError.contains("\(expected) of the 61 images used here"), "\(all.standardError)")
    }
    let resume = ["train", "--resume", "run", "--epochs", "2"]
    try Program.fail(
      65, resume, naming: ["not those that the run began with", "--allow-changed-data"], in: directory.url)
    try Program.succeed(resume + ["--allow-changed-data"], in: directory.url)
    try Program.succeed(["train", "--resume", "run", "--epochs", "3"], in: directory.url)
  }

  @Test func `files that are no images are named, all of them if asked`() throws {
    try writeFolder(40)
    for number in 10..<35 { try Data("x".utf8).write(to: directory.file("pictures/note\(number).txt")) }
    let short = try Program.succeed(train(), in: directory.url).standardError
    #expect(
      short.contains("25 files passed over") && short.contains("note29.txt and 5 more; --list-ignored"), "\(short)")
    #expect(!short.contains("note30.txt"))
    let long = try Program.succeed(["evaluate", "run", "--list-ignored"], in: directory.url).standardError
    for number in 10..<35 { #expect(long.contains("note\(number).txt")) }
  }

  @Test func `a checkpoint prepares images as its run did`() throws {
    for number in 0..<40 { try write("pictures/\(number).png", number, height: 20 + number % 3, width: 30) }
    try Program.fail(65, train(), naming: ["one size", "--resize"], in: directory.url)
    try Program.succeed(train("--resize", "19x17", "--binarize", "dynamic"), in: directory.url)
    let model = try Checkpoint.summary(of: directory.file("run/last.safetensors.zst")).configuration
    #expect((model.model.imageHeight, model.model.imageWidth) == (19, 17) && model.model.likelihood == .bernoulli)
    try Program.succeed(["evaluate", "run"], in: directory.url)
    // Other images, too, and a single one.
    try write("one/x.png", 3, height: 64, width: 40)
    try Program.succeed(
      ["score", "run", "--output", "s.csv", "--dataset", "./one", "--split", "all"], in: directory.url)
    try Program.fail(
      64, ["evaluate", "run", "--resize", "28x28"], naming: ["19x17", "--resize 19x17"], in: directory.url)
    try Program.fail(
      64, ["evaluate", "run", "--binarize", "none"], naming: ["--binarize threshold or dynamic"], in: directory.url)
    try Program.fail(
      64, ["train", "--resume", "run", "--binarize", "none"], naming: ["--binarize"], in: directory.url)
    try Program.fail(64, TinyRun.train("other", "--invert"), naming: ["--invert", "glyphs"], in: directory.url)
    try Program.fail(
      64, train("--resize", "3x3"), naming: ["--resize: sides must be 8…512, got 3x3"], in: directory.url)
  }

  @Test func `a run does not go into the folder of its images`() throws {
    try writeFolder(40)
    let before = try directory.names("pictures")
    for output in ["pictures", "pictures/run"] {
      var arguments = train()
      arguments[2] = output
      try Program.fail(64, arguments, naming: ["--output \(output)", "choose another place"], in: directory.url)
      try Program.fail(
        64, ["density", "train", "--data", "pictures", "--flow", "real-nvp", "--output", output],
        naming: ["--output \(output)", "choose another place"], in: directory.url)
    }
    try Program.succeed(train(), in: directory.url)
    try Program.fail(
      64, ["train", "--resume", "run", "--output", "pictures/next"], naming: ["--output", "choose another place"],
      in: directory.url)
    #expect(try directory.names("pictures") == before)
  }

  @Test func `images that are too few leave no folder behind`() throws {
    for number in 0..<2 { try write("pictures/\(number).png", number) }
    try Program.fail(65, train(), naming: ["training and 0 validation images"], in: directory.url)
    #expect(try directory.names() == ["pictures"])
  }

  @Test func `a pipe among pictures is passed over, and an empty picture named`() throws {
    try writeFolder(20)
    try #require(mkfifo(directory.file("pictures/pipe.png").path, 0o600) == 0)
    let text = try Program.succeed(["datasets", "check", "pictures"], in: directory.url)
    #expect((text.standardOutput + text.standardError).contains("pipe.png"))
    try Data().write(to: directory.file("pictures/empty.png"))
    try Program.fail(65, train(), naming: ["pictures/empty.png", "the file is empty"], in: directory.url)
  }

  @Test func `a damaged JPEG file is named`() throws {
    try writeFolder(20)
    let damaged = Data([0xFF, 0xD8, 0xFF, 0xE0, 0x00, 0x10]) + Data("JFIF\0".utf8)
    try damaged.write(to: directory.file("pictures/bad.jpg"))
    try Program.fail(65, train(), naming: ["pictures/bad.jpg", "no JPEG picture"], in: directory.url)
  }

  @Test func `images that have moved are not written over either`() throws {
    try FileManager.default.createDirectory(at: directory.file("old"), withIntermediateDirectories: true)
    try FileManager.default.createDirectory(at: directory.file("new"), withIntermediateDirectories: true)
    let (old, new) = (directory.file("old/mine.npy"), directory.file("new/mine.npy"))
    let pixels = RandomStream(seed: 1, purpose: .test).uniforms(0..<40 * 64)
    try ArrayFile.write([("images", Tensor(pixels, shape: [40, 8, 8]))], to: old.path)
    try Program.succeed(
      TinyRun.train("run", ["--dataset", "./old/mine.npy", "--epochs", "1", "--divergence", "rademacher"]),
      in: directory.url)
    try FileManager.default.moveItem(at: old, to: new)
    let images = try Data(contentsOf: new)
    try Program.fail(
      64, ["encode", "run", "--data-dir", "new", "--split", "all", "--output", "new/mine.npy"],
      naming: ["there are the data that are read"], in: directory.url)
    #expect(try Data(contentsOf: new) == images)
    try Program.succeed(
      ["encode", "run", "--data-dir", "new", "--split", "all", "--output", "new/codes.npy"], in: directory.url)
  }
}
