import FileTestSupport
import Foundation
import ImageDatasets
import Testing

/// What a slip of the hand must not do: write over data, cut a run short, time another dataset than was named.
@Suite(.serialized) struct CarefulCommandTests {
  let directory = try! TemporaryDirectory()

  @Test func noOutputTakesThePlaceOfDataThatAreRead() throws {
    let table = (0..<30).map { "\($0 * 7 % 11),\($0 * 5 % 13)" }.joined(separator: "\n")
    try Data(table.utf8).write(to: directory.file("table.csv"))
    try Program.succeed(
      [
        "density", "train", "--data", "table.csv", "--flow", "maf", "--hidden", "8", "--steps", "2", "--output", "run",
      ], in: directory.url)
    try Program.fail(
      64, ["density", "sample", "run", "--output", "table.csv"], naming: ["--output", "table.csv"], in: directory.url)
    #expect(try String(contentsOf: directory.file("table.csv"), encoding: .utf8) == table)
    try FileManager.default.createDirectory(at: directory.file("pictures"), withIntermediateDirectories: true)
    for number in 0..<20 {
      let pixels = (0..<784).map { UInt8($0 * number % 251) }
      try PNGImage(height: 28, width: 28, pixels: pixels).write(to: directory.file("pictures/\(number).png"))
    }
    let model = try TinyRun.shared.get().path
    let own = ["--dataset", "pictures", "--split", "all", "--binarize", "threshold"]
    for (command, output) in [
      ("reconstruct", "pictures/3.png"), ("reconstruct", "pictures/new.png"), ("encode", "pictures/codes.csv"),
      ("interpolate", "pictures/3.png"),
    ] {
      try Program.fail(
        64, [command, model, "--output", output] + own, naming: ["--output", output], in: directory.url)
    }
    #expect(try directory.names("pictures").count == 20)
    try Program.succeed(["reconstruct", model, "--output", "new.png"] + own, in: directory.url)
  }

  @Test func anEmptyOutputIsAUsageError() throws {
    let model = try TinyRun.shared.get().path
    for command in [
      TinyRun.train("", "--steps", "1"), ["density", "train", "--data", "moons", "--output", ""],
      ["sample", model, "--output", ""],
    ] {
      try Program.fail(64, command, naming: ["--output needs a value"], in: directory.url)
    }
    #expect(try directory.names().isEmpty)
  }

  @Test func aRunIsNotCutShort() throws {
    try Program.succeed(TinyRun.train("run", "--epochs", "2"), in: directory.url)
    let configuration = directory.file("run/config.json")
    let before = try Data(contentsOf: configuration)
    for (option, done) in [("--epochs", "2 epochs"), ("--steps", "8 steps")] {
      try Program.fail(64, ["train", "--resume", "run", option, "1"], naming: [option, done], in: directory.url)
    }
    #expect(try Data(contentsOf: configuration) == before)
    let done = try Program.succeed(["train", "--resume", "run", "--steps", "100"], in: directory.url)
    #expect(done.standardError.contains("all 8 steps are done already; raise --epochs to go on"))
  }

  @Test func onlyAKnownDatasetsSizesAreTimed() throws {
    for name in ["nope", "./none.npz"] {
      try Program.fail(64, ["benchmark", "train", "--dataset", name], naming: [name], in: directory.url)
    }
  }

  @Test func aValueThatAConfigurationCannotHaveIsNamed() throws {
    for (text, key) in [
      (#"{"batchSize": 10.5}"#, "batchSize cannot be 10.5"), (#"{"controller": "PI"}"#, "controller cannot be PI"),
      (#"{"model": {"latent": "two"}}"#, "model.latent cannot be two"), (#"{"kind": "density"}"#, "a density model"),
    ] {
      try Data(text.utf8).write(to: directory.file("a.json"))
      try Program.fail(
        65, ["train", "--config", "a.json", "--output", "run"], naming: ["a.json", key], in: directory.url)
    }
  }

  @Test func everyDatasetIsCheckedThoughOneIsDamaged() throws {
    for (folder, file) in [
      ("caltech101", "caltech101_silhouettes_28_split1.mat"), ("freyfaces", "frey_rawface.mat"),
    ] {
      try FileManager.default.createDirectory(at: directory.file(folder), withIntermediateDirectories: true)
      try Data("none".utf8).write(to: directory.file("\(folder)/\(file)"))
    }
    let checked = try Program.run(
      ["datasets", "check", "caltech101", "freyfaces", "--data-dir", "."], in: directory.url)
    #expect(checked.status == 65)
    for file in ["caltech101_silhouettes_28_split1.mat", "frey_rawface.mat"] {
      #expect(checked.standardError.contains(file))
    }
  }
}
