import FileTestSupport
import Foundation
import Runs
import Testing

/// `ffjord-vae train --seeds`: several runs, one after another.
@Suite(.serialized) struct SeedCommandTests {
  let directory = try! TemporaryDirectory()

  private func seed(_ run: String) throws -> UInt64 {
    try RunSummary(RunDirectory(directory.path(run))).configuration.seed
  }

  private func step(_ run: String) throws -> Int {
    try Checkpoint.summary(of: directory.file("\(run)/last.safetensors.zst")).progress.step
  }

  @Test func `each seed has the run that it has alone`() throws {
    let outcome = try Program.succeed(TinyRun.train("run", "--steps", "4", "--seeds", "3,7"), in: directory.url)
    #expect(try directory.names() == ["run-seed3", "run-seed7"])
    #expect(try seed("run-seed3") == 3 && seed("run-seed7") == 7)
    for words in [
      "seed 3: run 1 of 2\n", "seed 7: run 2 of 2\n", "seed 3  epoch 1  step 1/4  -ELBO ", "seed 7  epoch 1/",
      "for run in run-seed3 run-seed7; do ffjord-vae evaluate \"$run\"; done", "ffjord-vae compare run-seed3 run-seed7",
    ] {
      #expect(outcome.standardError.contains(words), "no \(words) in: \(outcome.standardError)")
    }
    #expect(!outcome.standardError.contains("train --resume"))
    try Program.succeed(TinyRun.train("alone", "--steps", "4", "--seed", "7"), in: directory.url)
    try TinyRun.expectSame(directory.file("alone"), directory.file("run-seed7"))
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func `a signal stops all runs, and the command that is said goes on with them`(number: Int32) throws {
    let running = try Program.start(TinyRun.train("run", "--epochs", "8", "--seeds", "1,2,3"), in: directory.url)
    let metrics = directory.file("run-seed2/metrics.jsonl")
    while running.process.isRunning, (try? Data(contentsOf: metrics))?.contains(UInt8(ascii: "\n")) != true {
      Thread.sleep(forTimeInterval: 0.01)
    }
    kill(running.process.processIdentifier, number)
    let stopped = try running.wait()
    #expect(stopped.status == 0 && !stopped.isCrash, "\(stopped.standardError)")
    #expect(try directory.names() == ["run-seed1", "run-seed2"])
    #expect(try step("run-seed1") == 32 && (1..<32).contains(step("run-seed2")))
    let line = try #require(stopped.messages.last { $0.contains("go on with: ") })
    let command = try #require(line.components(separatedBy: "go on with: ").last)
    #expect(command == "ffjord-vae train --resume run --seeds 1,2,3")
    let resumed = try Program.succeed(
      command.split(separator: " ").dropFirst().map(String.init), in: directory.url)
    #expect(resumed.standardError.contains("all 32 steps are done already"))
    #expect(try ["run-seed1", "run-seed2", "run-seed3"].map(step) == [32, 32, 32])
    // Neither the stop nor the configuration taken from another run has changed anything.
    for seed in ["2", "3"] {
      try Program.succeed(TinyRun.train("alone\(seed)", "--epochs", "8", "--seed", seed), in: directory.url)
      try TinyRun.expectSame(directory.file("alone\(seed)"), directory.file("run-seed\(seed)"))
    }
  }

  @Test func `runs of several seeds can be made longer, and more seeds added`() throws {
    try Program.succeed(TinyRun.train("run", "--steps", "1", "--seeds", "1"), in: directory.url)
    try Program.succeed(["train", "--resume", "run/", "--seeds", "1,2", "--steps", "2"], in: directory.url)
    #expect(try step("run-seed1") == 2 && step("run-seed2") == 2 && seed("run-seed2") == 2)
    try Program.succeed(TinyRun.train("alone", "--steps", "2", "--seed", "2"), in: directory.url)
    try TinyRun.expectSame(directory.file("alone"), directory.file("run-seed2"))
  }

  @Test func `what stands in the way is said before anything is trained`() throws {
    try Program.succeed(TinyRun.train("run", "--steps", "1", "--seeds", "2"), in: directory.url)
    let saved = try Data(contentsOf: directory.file("run-seed2/last.safetensors.zst"))
    func fail(_ status: Int32, _ arguments: [String], naming words: String...) throws {
      try Program.fail(status, arguments, naming: words, in: directory.url)
      #expect(try directory.names() == ["run-seed2"])
      #expect(try Data(contentsOf: directory.file("run-seed2/last.safetensors.zst")) == saved)
    }
    try fail(
      64, TinyRun.train("run", "--seeds", "1,2"),
      naming: "run-seed2 already holds a run", "train --resume run --seeds 1,2", "--overwrite")
    try fail(64, TinyRun.train("run", "--seeds", "1,2", "--seed", "1"), naming: "--seed and --seeds")
    try fail(64, ["train", "--resume", "run", "--seeds", "2", "--output", "other"], naming: "leave out --output")
    try fail(
      64, ["train", "--resume", "run", "--seeds", "2", "--latent", "3"], naming: "keeps its configuration", "--latent")
    try fail(66, ["train", "--resume", "run", "--seeds", "8,9"], naming: "run-seed8", "no run of these seeds")
    for seeds in ["1,1", "1,", "1-3", "-1"] {
      try fail(
        64, TinyRun.train("run", ["--seeds=\(seeds)"]), naming: "--seeds must be different whole numbers such as 1,2,3")
    }
  }

  @Test func `runs that differ in more than the seed do not go on together`() throws {
    try Program.succeed(TinyRun.train("run", "--steps", "1", "--seeds", "1"), in: directory.url)
    try Program.succeed(
      TinyRun.train("run-seed2", "--steps", "1", "--seed", "2", "--weight-decay", "1e-3"), in: directory.url)
    try Program.succeed(TinyRun.train("run-seed3", "--steps", "1", "--seed", "4"), in: directory.url)
    for seeds in ["1,2", "1,3"] {
      try Program.fail(
        64, ["train", "--resume", "run", "--seeds", seeds, "--steps", "2"],
        naming: ["run-seed\(seeds.suffix(1)) must be the run of seed \(seeds.suffix(1))"], in: directory.url)
    }
    #expect(try step("run-seed1") == 1)
    try Program.succeed(TinyRun.train("run", "--steps", "2", "--seeds", "1,2", "--overwrite"), in: directory.url)
    #expect(try step("run-seed1") == 2 && step("run-seed2") == 2)
  }

  @Test func `where one seed fails, the command for the others is said`() throws {
    try Program.succeed(TinyRun.train("run", "--steps", "1", "--seeds", "1,2"), in: directory.url)
    for name in ["last", "best"] {
      try? FileManager.default.removeItem(at: directory.file("run-seed2/\(name).safetensors.zst"))
    }
    try Data("damaged".utf8).write(to: directory.file("run-seed2/last.safetensors.zst"))
    let outcome = try Program.run(["train", "--resume", "run", "--seeds", "1,2,3", "--steps", "2"], in: directory.url)
    #expect(outcome.status == 65, "\(outcome.standardError)")
    #expect(
      outcome.standardError.contains(
        "seed 2 failed; the others go on with: ffjord-vae train --resume run --seeds 3 --steps 2\n"))
    #expect(try step("run-seed1") == 2)
    try Program.succeed(["train", "--resume", "run", "--seeds", "1,3", "--steps", "2"], in: directory.url)
    #expect(try step("run-seed3") == 2)
  }
}
