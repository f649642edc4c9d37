import FileTestSupport
import Foundation
import ImageDatasets
import Runs
import Safetensors
import Testing

/// Text from files on its way to a terminal, and files that claim more memory than they may.
@Suite(.serialized) struct ForeignTextTests {
  let directory = try! TemporaryDirectory()
  /// Clears a screen, sets a title, begins a line that looks like another message; by an escape and by a single byte.
  private static let hostile = "glyphs\u{1B}[2J\u{9B}31m\u{1B}]0;title\u{7}\nffjord-vae: done\u{202E}"

  private func expectPlain(_ outcome: Program.Outcome, sourceLocation: SourceLocation = #_sourceLocation) {
    for text in [outcome.standardOutput, outcome.standardError] {
      let commands = text.unicodeScalars.filter {
        $0 != "\n" && ($0.properties.generalCategory == .control || $0 == "\u{202E}")
      }
      #expect(commands.isEmpty, "\(text.debugDescription)", sourceLocation: sourceLocation)
    }
    #expect(!outcome.isCrash, sourceLocation: sourceLocation)
  }

  /// A run's checkpoint with one tensor more, and words changed in its metadata.
  private func checkpoint(_ name: String, tensor: String, _ change: (inout [String: String]) throws -> Void) throws {
    let file = try SafetensorsFile(TinyRun.shared.get().appending(path: Checkpoint.lastName))
    var tensors = try file.load().map { name, tensor in
      SafetensorsTensor(name: name, elementType: tensor.entry.elementType, shape: tensor.entry.shape) { body in
        try tensor.bytes.withUnsafeBytes(body)
      }
    }
    tensors.append(SafetensorsTensor(name: tensor, values: [1] as [Float]))
    var metadata = file.metadata
    try change(&metadata)
    try SafetensorsWriter.write(to: directory.file(name), tensors: tensors, metadata: metadata)
  }

  @Test func aCheckpointsWordsAreShownEscaped() throws {
    try checkpoint("hostile.zst", tensor: Self.hostile) { metadata in
      var configuration = try TrainingConfiguration(json: try #require(metadata["configuration"]))
      configuration.dataset = Self.hostile
      metadata["configuration"] = try configuration.json()
    }
    let inspected = try Program.succeed(["inspect", "hostile.zst"], in: directory.url)
    expectPlain(inspected)
    #expect(inspected.standardOutput.contains(#"glyphs\u001b[2J\u009b31m"#))
    #expect(!inspected.standardOutput.contains("\nffjord-vae: done"))
    let json = try Program.succeed(["inspect", "hostile.zst", "--json"], in: directory.url)
    expectPlain(json)
    let configuration = try object(json.standardOutput)["configuration"] as? [String: Any]
    #expect(configuration?["dataset"] as? String == Self.hostile)
    for arguments in [["evaluate", "hostile.zst"], ["import", "hostile.zst", "--output", "model.safetensors.zst"]] {
      let outcome = try Program.run(arguments, in: directory.url)
      expectPlain(outcome)
      #expect(outcome.status != 0)
    }
  }

  @Test func aStateDictsNamesAreShownEscaped() throws {
    try SafetensorsWriter.write(
      to: directory.file("state.safetensors"),
      tensors: [SafetensorsTensor(name: Self.hostile, values: [Float.nan])])
    let outcome = try Program.fail(
      65, ["import", "state.safetensors", "--output", "m.safetensors.zst"], in: directory.url)
    expectPlain(outcome)
    #expect(outcome.standardError.contains(#"glyphs\u001b[2J"#))
    #expect(!outcome.standardError.contains("\nffjord-vae: done"))
    try checkpoint("version.zst", tensor: "a") { $0["version"] = Self.hostile }
    let version = try Program.fail(65, ["inspect", "version.zst"], in: directory.url)
    expectPlain(version)
    #expect(!version.standardError.contains("\nffjord-vae: done"))
  }

  @Test func namesOfFilesAndFoldersAreShownEscaped() throws {
    let name = "\u{1B}[2J\u{9B}31m"
    try FileManager.default.createDirectory(
      at: directory.file("pictures/\(name)"), withIntermediateDirectories: true)
    for index in 0..<4 {
      try PNGImage(height: 8, width: 8, pixels: [UInt8](repeating: UInt8(index), count: 64)).write(
        to: directory.file("pictures/\(name)\(index).png"))
    }
    expectPlain(try Program.succeed(["datasets", "check", "./pictures"], in: directory.url))
    try Data("none".utf8).write(to: directory.file("pictures/\(name)/none.png"))
    expectPlain(try Program.run(["datasets", "check", "./pictures"], in: directory.url))
    let run = directory.file("run")
    try FileManager.default.copyItem(at: try TinyRun.shared.get(), to: run)
    var configuration = TrainingConfiguration()
    configuration.dataset = Self.hostile
    try Data(configuration.json().utf8).write(to: run.appending(path: "config.json"))
    for arguments in [["compare", "run"], ["compare", "run", "--json"], ["compare", "run", "--markdown"]] {
      expectPlain(try Program.succeed(arguments, in: directory.url))
    }
  }

  @Test func imagesBeyondTheMemoryLimitAreBadDataUntilItIsRaised() throws {
    try FileManager.default.createDirectory(at: directory.file("pictures"), withIntermediateDirectories: true)
    for index in 0..<4 {
      try PNGImage(height: 512, width: 512, pixels: [UInt8](repeating: UInt8(index), count: 1 << 18)).write(
        to: directory.file("pictures/\(index).png"))
    }
    // Four times 512 x 512 pixels, of 16 bytes each.
    try Program.fail(
      65, ["train", "--dataset", "./pictures", "--output", "run", "--memory-limit", "0.001"],
      naming: ["16.7 MB", "1.0 MB", "--memory-limit"], in: directory.url)
    #expect(try directory.names() == ["pictures"])
    let check = ["datasets", "check", "./pictures", "--memory-limit"]
    let refused = try Program.run(check + ["0.001"], in: directory.url)
    #expect(refused.status == 65 && refused.standardError.contains("16.7 MB"))
    try Program.succeed(check + ["0.02"], in: directory.url)
    for value in ["0", "-1", "nan", "inf", "1e300"] {
      let outcome = try Program.run(["train", "--memory-limit=\(value)"], in: directory.url)
      #expect(outcome.status == 64 && !outcome.isCrash)
    }
  }
}
