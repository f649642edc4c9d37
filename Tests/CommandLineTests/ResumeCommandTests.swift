import FileTestSupport
import Foundation
import Runs
import Testing

/// `train --resume`: what goes on, where, and what does not.
@Suite(.serialized) struct ResumeCommandTests {
  let directory = try! TemporaryDirectory()

  private func step(_ run: String) throws -> Int {
    try Checkpoint.summary(of: directory.file("\(run)/last.safetensors.zst")).progress.step
  }

  @Test func `an import in a run's folder does not take its place, and begins another run`() throws {
    try Program.succeed(TinyRun.train("run", "--epochs", "2"), in: directory.url)
    try Program.succeed(["export", "run", "--output", "model.safetensors"], in: directory.url)
    try Program.succeed(
      ["import", "model.safetensors", "--output", "run/other.safetensors.zst"], in: directory.url)
    let names = ["last.safetensors.zst", "best.safetensors.zst", "metrics.jsonl", "config.json"]
    func contents() throws -> [Data] { try names.map { try Data(contentsOf: directory.file("run/\($0)")) } }
    let before = try contents()
    try Program.fail(
      64, ["train", "--resume", "run/other.safetensors.zst", "--steps", "3"],
      naming: ["run/other.safetensors.zst", "last.safetensors.zst", "--output"], in: directory.url)
    try Program.fail(
      64, ["train", "--resume", "run/other.safetensors.zst", "--steps", "3", "--output", "run", "--overwrite"],
      naming: ["--output run"], in: directory.url)
    #expect(try contents() == before)
    try Program.succeed(
      ["train", "--resume", "run/other.safetensors.zst", "--steps", "3", "--output", "new"], in: directory.url)
    #expect(try contents() == before && step("new") == 3)
    #expect(try TinyRun.metrics(of: directory.file("new")).map(\.step) == [1, 2, 3])
    // And goes on by itself, as a run of its own.
    try Program.succeed(["train", "--resume", "new", "--steps", "5"], in: directory.url)
    #expect(try step("new") == 5)
  }

  @Test func `another run begins with the state of a run, and has its own best epoch`() throws {
    try Program.succeed(TinyRun.train("run", "--epochs", "2"), in: directory.url)
    let before = try Data(contentsOf: directory.file("run/metrics.jsonl"))
    try Program.fail(
      64, ["train", "--resume", "run", "--output", "./run", "--epochs", "3"], naming: ["--output ./run"],
      in: directory.url)
    try Program.succeed(["train", "--resume", "run", "--output", "branch", "--epochs", "3"], in: directory.url)
    #expect(try Data(contentsOf: directory.file("run/metrics.jsonl")) == before)
    #expect(try step("branch") == 12 && step("run") == 8)
    let best = try Checkpoint.summary(of: directory.file("branch/best.safetensors.zst"))
    #expect(best.progress.epoch == 3 && best.progress.bestEpoch == 3)
    #expect(try best.run != Checkpoint.summary(of: directory.file("run/last.safetensors.zst")).run)
    try Program.succeed(["train", "--resume", "run", "--epochs", "3"], in: directory.url)
    #expect(
      try TinyRun.contents(of: directory.file("run/last.safetensors.zst")).tensors
        == TinyRun.contents(of: directory.file("branch/last.safetensors.zst")).tensors)
  }

  @Test func `a run that is killed before its first checkpoint begins anew, by either command`() throws {
    // Ten lines of metrics come before the first checkpoint.
    let arguments = ["--batch-size", "4", "--epochs", "1"]
    let whole = try Program.succeed(TinyRun.train("whole") + arguments, in: directory.url)
    #expect(whole.standardError.contains("done after 10 steps"))
    for (name, next) in [("a", TinyRun.train("a") + arguments), ("b", ["train", "--resume", "b"])] {
      let running = try Program.start(TinyRun.train(name) + arguments, in: directory.url)
      let metrics = directory.file("\(name)/metrics.jsonl")
      while running.process.isRunning, (try? Data(contentsOf: metrics).isEmpty) ?? true {
        Thread.sleep(forTimeInterval: 0.01)
      }
      kill(running.process.processIdentifier, SIGKILL)
      #expect(try running.wait().isCrash)
      #expect(!FileManager.default.fileExists(atPath: directory.file("\(name)/last.safetensors.zst").path))
      try Program.succeed(next, in: directory.url)
      try TinyRun.expectSame(directory.file(name), directory.file("whole"))
    }
  }

  @Test func `a damaged last checkpoint is said, and the run goes on from the best one to the same bits`() throws {
    try Program.succeed(TinyRun.train("run", "--epochs", "1", "--steps", "4"), in: directory.url)
    try Program.succeed(["train", "--resume", "run", "--epochs", "2", "--steps", "6"], in: directory.url)
    let last = directory.file("run/last.safetensors.zst")
    try Data(contentsOf: last).dropLast(1000).write(to: last)
    let evaluated = try Program.succeed(["evaluate", "run", "--limit", "5"], in: directory.url)
    #expect(evaluated.standardError.contains("best.safetensors.zst, step 4"))
    let resumed = try Program.succeed(["train", "--resume", "run", "--epochs", "2"], in: directory.url)
    for words in ["last.safetensors.zst", "going on from run/best.safetensors.zst, of epoch 1, step 4"] {
      #expect(resumed.standardError.contains(words), "\(resumed.standardError)")
    }
    try TinyRun.expectSame(directory.file("run"), TinyRun.shared.get())
    try FileManager.default.removeItem(at: directory.file("run/best.safetensors.zst"))
    try Data().write(to: directory.file("run/best.safetensors.zst"))
    let second = try Program.succeed(["evaluate", "run", "--limit", "5"], in: directory.url)
    for words in ["run/best.safetensors.zst", "using run/last.safetensors.zst"] {
      #expect(second.standardError.contains(words), "\(second.standardError)")
    }
  }

  @Test func `what a killed program left of a line is cut`() throws {
    try Program.succeed(TinyRun.train("run", "--steps", "2"), in: directory.url)
    for name in ["metrics.jsonl", "evaluations.jsonl"] {
      let file = directory.file("run/\(name)")
      let lines = (try? Data(contentsOf: file)) ?? Data()
      try (lines + Data("{\"step\":".utf8) + [0xFF, 0xC3]).write(to: file)
    }
    try Program.succeed(["train", "--resume", "run", "--steps", "3"], in: directory.url)
    #expect(try TinyRun.metrics(of: directory.file("run")).map(\.step) == [1, 2, 3])
    try Program.succeed(["evaluate", "run", "--limit", "5"], in: directory.url)
    let text = try String(contentsOf: directory.file("run/evaluations.jsonl"), encoding: .utf8)
    #expect(text.split(separator: "\n").count == 1 && text.hasSuffix("}\n"))
    try Program.succeed(["compare", "run"], in: directory.url)
  }

  @Test func `a run on one's own images goes on from any folder, and when they have moved`() throws {
    func folder(_ name: String) throws -> URL {
      try FileManager.default.createDirectory(at: directory.file(name), withIntermediateDirectories: true)
      return directory.file(name)
    }
    let (here, there) = (try folder("here"), try folder("there"))
    var header = "{'descr': '|u1', 'fortran_order': False, 'shape': (60, 28, 28), }"
    header += String(repeating: " ", count: 127 - 10 - header.count) + "\n"
    let pixels = (0..<60 * 784).map { UInt8($0 * 7919 % 251 > 200 ? 1 : 0) }
    let file = Data([0x93]) + Data("NUMPY".utf8) + Data([1, 0, 118, 0]) + Data(header.utf8) + Data(pixels)
    try file.write(to: here.appending(path: "mine.npy"))
    try Program.succeed(TinyRun.train("../run", "--dataset", "mine.npy", "--steps", "1"), in: here)
    try Program.succeed(["train", "--resume", "../run", "--steps", "2"], in: there)
    try Program.succeed(["evaluate", "../run", "--limit", "5"], in: there)
    let moved = try folder("moved")
    try FileManager.default.moveItem(
      at: here.appending(path: "mine.npy"), to: moved.appending(path: "mine.npy"))
    let missing = try Program.run(["train", "--resume", "../run", "--steps", "3"], in: there)
    #expect(missing.status == 66 && missing.standardError.contains("here/mine.npy"), "\(missing.standardError)")
    #expect(missing.standardError.contains("--data-dir"))
    try Program.succeed(["evaluate", "../run", "--limit", "5", "--data-dir", "../moved"], in: there)
    try Program.succeed(
      ["train", "--resume", "../run", "--steps", "3"], environment: ["FFJORD_VAE_DATA": moved.path], in: there)
    // It is known where they are now.
    try Program.succeed(["train", "--resume", "run", "--steps", "4"], in: directory.url)
    #expect(try step("run") == 4)
    let configuration = try String(contentsOf: directory.file("run/config.json"), encoding: .utf8)
    #expect(configuration.contains("\"\(moved.path)/mine.npy\""))
    // The configuration may know of a move after which there is no best checkpoint yet.
    let last = try folder("last")
    try FileManager.default.moveItem(
      at: moved.appending(path: "mine.npy"), to: last.appending(path: "mine.npy"))
    try Data(configuration.replacing(moved.path, with: last.path).utf8).write(to: directory.file("run/config.json"))
    let report = try Program.succeed(["evaluate", "run", "--json"], in: directory.url).standardOutput
    #expect(report.contains("\(last.path)/mine.npy"), "\(report)")
    let compared = try Program.succeed(["compare", "run", "--json"], in: directory.url).standardOutput
    #expect(compared.contains("\"test\" : {"), "\(compared)")
  }
}
