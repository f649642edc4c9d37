import FileTestSupport
import Foundation
import Runs
import Safetensors
import Testing

/// `import`: what `export` or PyTorch wrote becomes a checkpoint that every other command takes.
@Suite(.serialized) struct ImportCommandTests {
  let directory = try! TemporaryDirectory()
  let run: String

  init() throws {
    run = try TinyRun.shared.get().path
    try Program.succeed(["export", run, "--output", "state.safetensors"], in: directory.url)
  }

  /// The exported tensors, without the metadata, changed.
  private func rewrite(
    _ name: String, _ change: (inout [String: SafetensorsTensor]) -> Void = { _ in }
  ) throws {
    let file = try SafetensorsFile(directory.file("state.safetensors"))
    var tensors = try file.load().mapValues { tensor in
      SafetensorsTensor(name: tensor.entry.name, elementType: tensor.entry.elementType, shape: tensor.entry.shape) {
        try tensor.bytes.withUnsafeBytes($0)
      }
    }
    change(&tensors)
    try SafetensorsWriter.write(to: directory.file(name), tensors: Array(tensors.values), compression: .none)
  }

  private func figures(_ checkpoint: String) throws -> [String: Double] {
    let outcome = try Program.succeed(["evaluate", checkpoint, "--limit", "20", "--json"], in: directory.url)
    let bookkeeping: Set = ["seconds", "step", "epoch"]
    return try object(outcome.standardOutput).compactMapValues { $0 as? Double }
      .filter { !bookkeeping.contains($0.key) }
  }

  @Test func `an export that is imported is the model that it was`() throws {
    let outcome = try Program.succeed(
      ["import", "state.safetensors", "--output", "model.safetensors.zst"], in: directory.url)
    #expect(outcome.standardOutput == "")
    for words in [
      "state.safetensors: ", " parameters", "model: latent 4, 1 flow of 8, rank 2, softplus, concat, time 0.5",
      "as the file's metadata say", "Next: ffjord-vae evaluate model.safetensors.zst --dataset glyphs",
    ] {
      #expect(outcome.standardError.contains(words), "no \(words) in: \(outcome.standardError)")
    }
    #expect(try figures("model.safetensors.zst") == figures(run))
    try Program.succeed(["export", "model.safetensors.zst", "--output", "again.safetensors"], in: directory.url)
    let (first, second) = (directory.file("state.safetensors"), directory.file("again.safetensors"))
    #expect(try Data(contentsOf: first) == Data(contentsOf: second))
  }

  @Test func `a state dict without a word on its model is used by every command, and trained on`() throws {
    try rewrite("bare.safetensors") {
      $0["odefuncs.0._num_evals"] = SafetensorsTensor(name: "odefuncs.0._num_evals", shape: [], values: [7] as [Float])
    }
    let outcome = try Program.succeed(
      ["import", "bare.safetensors", "--output", "model.safetensors.zst", "--preset", "small"], in: directory.url)
    for words in [
      "no parameters: integration_times, odefuncs.0._num_evals", "by the tensors' names and shapes",
      "1 flow of 8, rank 2",
      "note: the activation is not in the file", "28x28 pixels, bernoulli",
    ] {
      #expect(outcome.standardError.contains(words), "no \(words) in: \(outcome.standardError)")
    }
    // The solver's tolerance is the preset's, not the run's.
    let (mine, theirs) = (try figures("model.safetensors.zst"), try figures(run))
    for (name, value) in theirs where name != "evaluations" {
      #expect(abs(try #require(mine[name]) - value) < 2e-3 * max(1, abs(value)), "\(name)")
    }
    for arguments in [
      ["reconstruct", "--output", "r.png", "--count", "4"], ["sample", "--output", "s.png", "--count", "4"],
      ["encode", "--output", "codes.csv", "--limit", "4"], ["score", "--output", "scores.csv", "--limit", "4"],
      ["inspect"],
    ] {
      try Program.succeed([arguments[0], "model.safetensors.zst"] + arguments.dropFirst(), in: directory.url)
    }
    try Program.succeed(
      ["train", "--resume", "model.safetensors.zst", "--output", "run", "--steps", "2"], in: directory.url)
    #expect(try Checkpoint.summary(of: directory.file("run/last.safetensors.zst")).progress.step == 2)
  }

  @Test func `an output that is there is kept, unless it may be replaced`() throws {
    try Data("mine".utf8).write(to: directory.file("model.safetensors.zst"))
    let arguments = ["import", "state.safetensors", "--output", "model.safetensors.zst"]
    try Program.fail(64, arguments, naming: ["model.safetensors.zst", "--overwrite"], in: directory.url)
    #expect(try Data(contentsOf: directory.file("model.safetensors.zst")) == Data("mine".utf8))
    try Program.succeed(arguments + ["--overwrite"], in: directory.url)
    try Program.succeed(["inspect", "model.safetensors.zst"], in: directory.url)
    try Program.fail(
      74, ["import", "state.safetensors", "--output", "none/m.safetensors.zst"], naming: ["none"], in: directory.url)
  }

  @Test func `files that hold no model, or another, are bad data, and nothing is written`() throws {
    let whole = try Data(contentsOf: directory.file("state.safetensors"))
    try whole.prefix(whole.count * 2 / 3).write(to: directory.file("short.safetensors"))
    try Data("step,loss\n1,543.2\n".utf8).write(to: directory.file("text.safetensors"))
    try Data([0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 60)).write(to: directory.file("model.pt"))
    try rewrite("undefined.safetensors") {
      $0["q_z_mean.bias"] = SafetensorsTensor(name: "q_z_mean.bias", values: [0, .nan, 1, 2] as [Float])
    }
    try rewrite("other.safetensors") {
      $0["q_z_var.0.weight"] = nil
      $0["q_z_var.0.bias"] = SafetensorsTensor(name: "q_z_var.0.bias", values: [1] as [Float])
      $0["bn.weight"] = SafetensorsTensor(name: "bn.weight", values: [1] as [Float])
    }
    for (file, words) in [
      ("short.safetensors", ["ends after"]), ("text.safetensors", ["is not a safetensors file"]),
      ("model.pt", ["torch.save"]), ("undefined.safetensors", ["q_z_mean.bias [4] is nan at [1]"]),
      (
        "other.safetensors",
        [
          "q_z_var.0.weight [4, 256] is missing", "q_z_var.0.bias is [1], not [4]",
          "bn.weight [1] is not of this model",
        ]
      ),
    ] {
      try Program.fail(
        65, ["import", file, "--output", "model.safetensors.zst"], naming: words + [file], in: directory.url)
    }
    try Program.fail(
      65, ["import", "state.safetensors", "--output", "model.safetensors.zst", "--hidden", "9"],
      naming: ["is [8, 5], not [9, 5]", "--hidden"], in: directory.url)
    try Program.fail(
      65, ["import", "\(run)/last.safetensors.zst", "--output", "model.safetensors.zst"],
      naming: ["checkpoint already"], in: directory.url)
    try Program.fail(
      66, ["import", "none.safetensors", "--output", "model.safetensors.zst"], naming: ["none.safetensors"],
      in: directory.url)
    #expect(!FileManager.default.fileExists(atPath: directory.file("model.safetensors.zst").path))
  }

  @Test(arguments: [
    ["state.safetensors"], ["--output", "m.safetensors.zst"],
    ["state.safetensors", "--output", "m.safetensors.zst", "--rank", "0"],
    ["state.safetensors", "--output", "m.safetensors.zst", "--activation", "sine"],
    ["state.safetensors", "--output", "m.safetensors.zst", "--preset", "large"],
  ])
  func `usage errors`(arguments: [String]) throws {
    try Program.fail(64, ["import"] + arguments, in: directory.url)
  }
}
