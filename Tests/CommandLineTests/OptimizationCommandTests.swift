import FileTestSupport
import Foundation
import Testing

/// The controls of the optimization, configuration files, and models without their runs, as a user drives them.
@Suite(.serialized) struct OptimizationCommandTests {
  let directory = try! TemporaryDirectory()

  private func configuration(of run: String) throws -> [String: Any] {
    try object(String(contentsOf: directory.file(run).appending(path: "config.json"), encoding: .utf8))
  }

  private func evaluate(_ checkpoint: String, _ more: String...) throws -> Double {
    let outcome = try Program.succeed(
      ["evaluate", checkpoint, "--limit", "10", "--json"] + more, in: directory.url)
    return try #require(object(outcome.standardOutput)["negative_elbo"] as? Double)
  }

  private static let controls = [
    "--optimizer", "adam", "--schedule", "cosine", "--learning-rate", "0.002", "--learning-rate-warmup", "2",
    "--final-learning-rate", "0.0001", "--average", "0.5", "--clip-norm", "50", "--weight-decay", "0.001",
    "--gradient-estimator", "path", "--generated-weight", "0.5", "--random-shift", "1",
  ]

  @Test func `every control is in the configuration, in the checkpoint and in what inspect says`() throws {
    try Program.succeed(TinyRun.train("run", ["--epochs", "1"] + Self.controls), in: directory.url)
    let configuration = try configuration(of: "run")
    #expect(configuration["optimizer"] as? String == "adam" && configuration["schedule"] as? String == "cosine")
    #expect(configuration["learningRateWarmup"] as? Int == 2 && configuration["average"] as? Double == 0.5)
    #expect(configuration["clipNorm"] as? Double == 50 && configuration["weightDecay"] as? Double == 0.001)
    let text = try Program.succeed(["inspect", "run"], in: directory.url).standardOutput
    for words in [
      "Adam at 0.002", "warm-up 2 steps", "cosine to 0.0001", "average 0.5", "clipped to 50.0", "weight decay 0.001",
      "path gradient", "generated images at 0.5", "images shifted by up to 1", "and their average",
    ] {
      #expect(text.contains(words), "\(words): \(text)")
    }
    #expect(try evaluate("run") != evaluate("run", "--raw-parameters"))
    // Another length makes another schedule.
    let longer = try Program.succeed(["train", "--resume", "run", "--epochs", "2"], in: directory.url)
    #expect(longer.standardError.contains("step 4 of 8, where the cosine of the learning rate ends"))
  }

  @Test func `an average and a limit of a preset are taken away by none`() throws {
    let short = ["--preset", "small", "--limit-train", "10", "--limit-eval", "5", "--steps", "1"] + TinyRun.model
    try Program.succeed(["train", "--output", "preset"] + short, in: directory.url)
    let preset = try configuration(of: "preset")
    #expect(preset["average"] as? Double == 0.99 && preset["clipNorm"] as? Double == 200)
    try Program.succeed(
      ["train", "--output", "without"] + short + ["--average", "none", "--clip-norm", "none"], in: directory.url)
    let without = try configuration(of: "without")
    #expect(without["average"] == nil && without["clipNorm"] == nil)
    try Program.fail(64, TinyRun.train("run", "--average", "some"), naming: ["--average", "some"], in: directory.url)
  }

  @Test func `a configuration file makes the run that wrote it, and options win over it`() throws {
    try Program.succeed(TinyRun.train("first", ["--epochs", "1"] + Self.controls), in: directory.url)
    try Program.succeed(["train", "--config", "first/config.json", "--output", "second"], in: directory.url)
    try TinyRun.expectSame(directory.file("first"), directory.file("second"))
    try Program.succeed(
      ["train", "--config", "first/config.json", "--output", "third", "--average", "0.25", "--seed", "9"],
      in: directory.url)
    let third = try configuration(of: "third")
    #expect(
      third["average"] as? Double == 0.25 && third["seed"] as? Int == 9 && third["optimizer"] as? String == "adam")
    // A part of a configuration is enough.
    let part = """
      {"preset": "small", "batchSize": 10, "limitTrain": 20, "limitEvaluation": 10, "epochs": 1,
       "model": {"latent": 4, "hidden": [8]}}
      """
    try Data(part.utf8).write(to: directory.file("part.json"))
    try Program.succeed(["train", "--config", "part.json", "--output", "fourth"], in: directory.url)
    let model = try #require(try configuration(of: "fourth")["model"] as? [String: Any])
    #expect(model["latent"] as? Int == 4 && model["blocks"] as? Int == 2)
  }

  @Test(arguments: [
    (#"{"learningrate": 1}"#, 65, "learningrate"), (#"{"model": {"widths": 1}}"#, 65, "model.widths"),
    (#"{"epochs": "two"}"#, 65, "epochs"), ("[1]", 65, "no JSON object"), ("{", 65, "no JSON object"),
  ])
  func `a configuration file that is none says what is wrong`(_ text: String, _ status: Int, _ word: String) throws {
    try Data(text.utf8).write(to: directory.file("c.json"))
    let outcome = try Program.run(["train", "--config", "c.json", "--output", "run"], in: directory.url)
    #expect(outcome.status == status && !outcome.isCrash)
    #expect(outcome.standardError.contains(word) && outcome.standardError.contains("c.json"))
  }

  @Test func `a configuration file that is not there is missing input`() throws {
    let outcome = try Program.run(["train", "--config", "no.json", "--output", "run"], in: directory.url)
    #expect(outcome.status == 66 && outcome.standardError.contains("no.json"))
  }

  @Test func `a model alone is used like its run, and a new run begins with it`() throws {
    try Program.succeed(TinyRun.train("run", "--epochs", "1", "--average", "0.5"), in: directory.url)
    for type in ["float32", "float16", "bfloat16"] {
      try Program.succeed(
        ["export", "run", "--type", type, "--output", "\(type).safetensors.zst"], in: directory.url)
      let difference = abs(try evaluate("\(type).safetensors.zst") - evaluate("run"))
      #expect(type == "float32" ? difference == 0 : difference > 0 && difference < 1, "\(type): \(difference)")
    }
    let text = try Program.succeed(["inspect", "float16.safetensors.zst"], in: directory.url).standardOutput
    #expect(text.contains("without the state of a run"))
    let resumed = try Program.run(["train", "--resume", "float32.safetensors.zst"], in: directory.url)
    #expect(resumed.status == 65 && resumed.standardError.contains("--from"))
    // A learning rate this small leaves the parameters where they began.
    try Program.succeed(
      [
        "train", "--preset", "small", "--from", "float32.safetensors.zst", "--output", "next", "--epochs", "1",
        "--limit-train", "10", "--limit-eval", "10", "--batch-size", "10", "--learning-rate", "1e-9",
      ], in: directory.url)
    #expect(abs(try evaluate("next", "--batch-size", "10") - evaluate("float32.safetensors.zst")) < 1)
    #expect(
      (try configuration(of: "next")["initialCheckpoint"] as? String)?.hasSuffix("float32.safetensors.zst") == true)
    // Another flow beside the same encoder and decoder.
    let other = try Program.succeed(
      [
        "train", "--from", "float32.safetensors.zst", "--hidden", "8", "--blocks", "2", "--output", "other", "--steps",
        "1", "--limit-train", "10", "--limit-eval", "10", "--batch-size", "10",
      ], in: directory.url)
    #expect(other.standardError.contains("begins with the encoder and decoder of"))
    let latent = try Program.run(
      ["train", "--from", "float32.safetensors.zst", "--latent", "3", "--output", "latent"], in: directory.url)
    #expect(latent.status == 64 && latent.standardError.contains("another encoder or decoder"))
    #expect(!FileManager.default.fileExists(atPath: directory.path("latent/metrics.jsonl")))
  }

  @Test(arguments: [
    ["--plateau-factor", "0.5"], ["--final-learning-rate", "1e-5"], ["--average", "1"], ["--clip-norm", "0"],
    ["--gradient-estimator", "path", "--flow", "planar"], ["--gradient-estimator", "path", "--kinetic-energy", "1"],
    ["--config", "c.json", "--preset", "small"],
  ])
  func `options that do not go together are usage errors`(_ options: [String]) throws {
    let outcome = try Program.run(["train", "--output", "run"] + options, in: directory.url)
    #expect(outcome.status == 64 && !outcome.isCrash, "\(outcome.standardError)")
  }
}
