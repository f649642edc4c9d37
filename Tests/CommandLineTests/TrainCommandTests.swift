import FileTestSupport
import Foundation
import ImageDatasets
import Runs
import Testing

/// `ffjord-vae train`: what it leaves behind, and how long it goes on.
@Suite(.serialized) struct TrainCommandTests {
  let directory = try! TemporaryDirectory()

  @Test func `a run leaves checkpoints, metrics, events, configuration and a picture each epoch`() throws {
    let run = try TinyRun.shared.get()
    var names = Set(try FileManager.default.contentsOfDirectory(atPath: run.path))
    let events = names.filter { $0.hasPrefix("events.out.tfevents.") }
    #expect(events.count == 1)
    for split in ["train", "validation"] {
      let files = try FileManager.default.contentsOfDirectory(atPath: run.appending(path: split).path)
      #expect(files.count == 1 && files[0].hasPrefix("events.out.tfevents."), "\(split): \(files)")
    }
    // Other tests evaluate the run.
    names.subtract(events.union(["evaluations.jsonl"]))
    #expect(
      names == [
        "best.safetensors.zst", "config.json", "last.safetensors.zst", "metrics.jsonl",
        "reconstructions-0001.png", "reconstructions-0002.png", "train", "validation",
      ])
    let picture = try PNGImage(contentsOf: run.appending(path: "reconstructions-0001.png"))
    #expect(picture.width > 10 * 28 && picture.height > 4 * 28)
    #expect(Set(picture.pixels).count > 2)
    let configuration = try object(String(contentsOf: run.appending(path: "config.json"), encoding: .utf8))
    #expect(configuration["batchSize"] as? Int == 10)
    #expect((configuration["model"] as? [String: Any])?["hidden"] as? [Int] == [8])
  }

  @Test func `a line of metrics has the published keys`() throws {
    let run = try TinyRun.shared.get()
    let lines = try String(contentsOf: run.appending(path: "metrics.jsonl"), encoding: .utf8)
      .split(separator: "\n")
    #expect(lines.count == 2 * (4 + 2))
    for line in lines {
      let record = try object(line)
      let keys: Set = [
        "step", "epoch", "split", "negative_elbo", "reconstruction", "kl", "evaluations_forward",
        "evaluations_backward", "seconds",
      ]
      let ofTraining: Set = ["learning_rate", "kl_weight", "gradient_norm"]
      #expect(Set(record.keys) == (record["split"] as? String == "validation" ? keys : keys.union(ofTraining)))
      #expect(["step", "train", "validation"].contains(record["split"] as? String))
      #expect((record["seconds"] as? Double ?? 0) > 0)
    }
  }

  @Test func `messages are plain lines where there is no terminal`() throws {
    let outcome = try Program.succeed(TinyRun.train("run", "--epochs", "1"), in: directory.url)
    #expect(outcome.standardOutput == "")
    let text = outcome.standardError
    #expect(!text.contains("\u{1B}") && !text.contains("\r") && !text.contains("█"))
    #expect(text.hasSuffix("\n"))
    for words in [
      "40 images to train on, 20 to validate", "epoch 1  step 1/4  -ELBO ", "epoch 1  step 4/4  -ELBO ",
      "epoch 1/1  -ELBO ", "  validation ", " best  ", "done after 4 steps", "best validation -ELBO ",
      "run/best.safetensors.zst", "next: ffjord-vae evaluate run",
    ] {
      #expect(text.contains(words), "no \(words) in: \(text)")
    }
  }

  @Test func `epochs and steps count from the run's beginning`() throws {
    try Program.succeed(TinyRun.train("whole", "--epochs", "2"), in: directory.url)
    try Program.succeed(TinyRun.train("parts", "--epochs", "2", "--steps", "3"), in: directory.url)
    func step() throws -> Int {
      try Checkpoint.summary(of: directory.file("parts/last.safetensors.zst")).progress.step
    }
    #expect(try step() == 3)
    // As it was asked for, it is done.
    let done = try Program.succeed(["train", "--resume", "parts"], in: directory.url)
    #expect(done.standardError.contains("all 3 steps are done already"))
    #expect(try step() == 3)
    let resumed = try Program.succeed(["train", "--resume", "parts", "--steps", "5"], in: directory.url)
    #expect(resumed.standardError.contains("going on after step 3 of 5"), "\(resumed.standardError)")
    #expect(try step() == 5)
    let longer = try Program.succeed(
      ["train", "--resume", "parts/last.safetensors.zst", "--epochs", "2"], in: directory.url)
    #expect(longer.standardError.contains("--epochs 2 takes the place of the run's limit of 5 steps"))
    #expect(try step() == 8)
    try TinyRun.expectSame(directory.file("whole"), directory.file("parts"))
  }

  @Test func `a new run does not touch another, unless it is to be replaced`() throws {
    try Program.succeed(TinyRun.train("run", "--steps", "2"), in: directory.url)
    let file = directory.file("run/last.safetensors.zst")
    let saved = try Data(contentsOf: file)
    try Program.fail(
      64, TinyRun.train("run", "--steps", "1"), naming: ["run", "--resume", "--overwrite"], in: directory.url)
    #expect(try Data(contentsOf: file) == saved)
    try Program.succeed(TinyRun.train("run", "--steps", "1", "--overwrite"), in: directory.url)
    #expect(try Checkpoint.summary(of: file).progress.step == 1)
    #expect(try TinyRun.metrics(of: directory.file("run")).count == 1)
  }

  @Test func `the output is named after dataset and preset, and paths are quoted for the shell`() throws {
    let arguments = ["train", "--steps", "1"] + TinyRun.size + TinyRun.model
    try Program.succeed(arguments, in: directory.url)
    #expect(try directory.names("Checkpoints/glyphs-small").contains("last.safetensors.zst"))
    let outcome = try Program.succeed(TinyRun.train("it's a run", "--steps", "1"), in: directory.url)
    #expect(
      outcome.standardError.contains("ffjord-vae evaluate 'it'\\''s a run'"), "\(outcome.standardError)")
  }

  @Test(arguments: [
    ["--flow", "none"], ["--solver", "rk4", "--solver-steps", "2"], ["--divergence", "rademacher"],
    ["--gradient", "adjoint"], ["--gradient", "checkpointed"], ["--hidden", "8-4", "--blocks", "2"],
    ["--layer-type", "concatsquash"], ["--activation", "swish"], ["--amortization", "bias"],
  ])
  func `options reach the run`(options: [String]) throws {
    try Program.succeed(TinyRun.train("run", options + ["--steps", "1"]), in: directory.url)
    let configuration = try String(contentsOf: directory.file("run/config.json"), encoding: .utf8)
    let values = options.filter { !$0.hasPrefix("--") && $0 != "2" && $0 != "8-4" }
    for value in values { #expect(configuration.contains("\"\(value)\"")) }
    let summary = try Checkpoint.summary(of: directory.file("run/last.safetensors.zst"))
    #expect(summary.parameters.contains { $0.name.hasPrefix("odefuncs.") } == (options[0] != "--flow"))
    if options[0] == "--hidden" { #expect(summary.configuration.model.hidden == [8, 4]) }
  }

  @Test func `an option of a posterior is for the one that the configuration names`() throws {
    var configuration = TrainingConfiguration()
    configuration.model.flow = .planar
    try Data(configuration.json().utf8).write(to: directory.file("planar.json"))
    let train = [
      "train", "--config", "planar.json", "--output", "run", "--steps", "1", "--limit-train", "40", "--limit-eval",
      "20",
    ]
    try Program.fail(
      64, train + ["--hidden", "8"], naming: ["--hidden is for --flow ffjord, got --flow planar"], in: directory.url)
    try Program.succeed(train + ["--flows", "3"], in: directory.url)
    let model = try Checkpoint.summary(of: directory.file("run/last.safetensors.zst")).configuration.model
    #expect(model.flow == .planar && model.flows == 3)
  }

  @Test func `numbers of flows reach the run`() throws {
    let options = ["--steps", "1", "--flow", "iaf", "--flows", "2", "--masked-width", "8"]
    try Program.succeed(TinyRun.train("run", options), in: directory.url)
    let model = try Checkpoint.summary(of: directory.file("run/last.safetensors.zst")).configuration.model
    #expect(model.flow == .iaf && model.flows == 2 && model.maskedWidth == 8)
  }

  @Test func `weights on the dynamics are in the metrics, each integral where it has a weight`() throws {
    try Program.succeed(
      TinyRun.train("run", "--epochs", "1", "--kinetic-energy", "0.01", "--jacobian-norm", "0.02"), in: directory.url)
    for record in try TinyRun.metrics(of: directory.file("run")) {
      #expect(try #require(record.kineticEnergy) > 0 && #require(record.jacobianNorm) > 0)
    }
    let outcome = try Program.succeed(["evaluate", "run", "--limit", "5", "--json"], in: directory.url)
    let report = try object(outcome.standardOutput)
    #expect(report["kinetic_energy"] as? Double ?? 0 > 0 && report["jacobian_norm"] as? Double ?? 0 > 0)
    try Program.succeed(TinyRun.train("one", "--steps", "1", "--jacobian-norm", "0.02"), in: directory.url)
    let record = try #require(TinyRun.metrics(of: directory.file("one")).first)
    #expect(record.kineticEnergy == nil && record.jacobianNorm != nil)
  }

  @Test func `two processes do not train in one directory`() throws {
    let running = try Program.start(TinyRun.train("run", "--epochs", "1000"), in: directory.url)
    defer { kill(running.process.processIdentifier, SIGKILL) }
    let last = directory.file("run/last.safetensors.zst")
    while running.process.isRunning, !FileManager.default.fileExists(atPath: last.path) {
      Thread.sleep(forTimeInterval: 0.01)
    }
    for arguments in [["train", "--resume", "run"], TinyRun.train("run", "--steps", "1", "--overwrite")] {
      try Program.fail(64, arguments, naming: ["another process is training in"], in: directory.url)
    }
    kill(running.process.processIdentifier, SIGINT)
    #expect(try running.wait().status == 0)
    let step = try Checkpoint.summary(of: last).progress.step
    try Program.succeed(["train", "--resume", "run", "--steps", "\(step + 1)"], in: directory.url)
  }

  @Test func `threads and seeds: the seed changes the run`() throws {
    for (name, seed) in [("a", "1"), ("b", "2")] {
      try Program.succeed(
        TinyRun.train(name, "--steps", "1", "--threads", "1", "--seed", seed), in: directory.url)
    }
    let a = try TinyRun.contents(of: directory.file("a/last.safetensors.zst"))
    let b = try TinyRun.contents(of: directory.file("b/last.safetensors.zst"))
    #expect(a.tensors["q_z_mean.weight"] != b.tensors["q_z_mean.weight"])
  }
}
