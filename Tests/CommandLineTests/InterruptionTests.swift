import FileTestSupport
import Foundation
import Runs
import Testing

/// Ctrl-C during training, and the end of its terminal: the step is finished, the run saved, and a command said that goes on with it.
@Suite(.serialized) struct InterruptionTests {
  let directory = try! TemporaryDirectory()

  /// Waits until the program has taken a step; false if it ends before.
  private func waitForStep(_ running: Program.Running, in run: String) -> Bool {
    let metrics = directory.file("\(run)/metrics.jsonl")
    while running.process.isRunning {
      if let data = try? Data(contentsOf: metrics), data.contains(UInt8(ascii: "\n")) { return true }
      Thread.sleep(forTimeInterval: 0.01)
    }
    return false
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
  func `a signal ends the run after its step, and the resumed run is the uninterrupted one`(number: Int32)
    throws
  {
    let arguments = ["--epochs", "25"]
    let running = try Program.start(TinyRun.train("parts") + arguments, in: directory.url)
    #expect(waitForStep(running, in: "parts"), "it ended before its first step: \(running.standardError)")
    kill(running.process.processIdentifier, number)
    let stopped = try running.wait()
    #expect(stopped.status == 0 && !stopped.isCrash, "\(stopped.standardError)")
    let file = directory.file("parts/last.safetensors.zst")
    let step = try Checkpoint.summary(of: file).progress.step
    #expect((1..<100).contains(step), "it was not interrupted")
    for words in [
      "finishing this step", "stopped after step \(step)", "go on with: ffjord-vae train --resume parts",
    ] {
      #expect(stopped.standardError.contains(words), "\(stopped.standardError)")
    }
    // Nothing but the run is left: no temporary file.
    #expect(try directory.names("parts").allSatisfy { !$0.hasPrefix(".") })

    let total = ((step / 4) + 2) * 4
    try Program.succeed(["train", "--resume", "parts", "--steps", "\(total)"], in: directory.url)
    try Program.succeed(TinyRun.train("whole", "--steps", "\(total)"), in: directory.url)
    try TinyRun.expectSame(directory.file("whole"), directory.file("parts"))
  }

  @Test func `the printed command goes on to the steps that were asked for`() throws {
    let running = try Program.start(TinyRun.train("run", "--steps", "11"), in: directory.url)
    #expect(waitForStep(running, in: "run"))
    kill(running.process.processIdentifier, SIGINT)
    let stopped = try running.wait()
    let line = try #require(stopped.messages.last { $0.contains("go on with: ") })
    let command = try #require(line.components(separatedBy: "go on with: ").last).split(separator: " ")
    #expect(command.first == "ffjord-vae")
    try Program.succeed(command.dropFirst().map(String.init), in: directory.url)
    #expect(try Checkpoint.summary(of: directory.file("run/last.safetensors.zst")).progress.step == 11)
  }

  @Test func `a second signal ends the program at once, with a whole checkpoint or none`() throws {
    let running = try Program.start(TinyRun.train("run", "--epochs", "1000"), in: directory.url)
    #expect(waitForStep(running, in: "run"))
    kill(running.process.processIdentifier, SIGINT)
    kill(running.process.processIdentifier, SIGTERM)
    let outcome = try running.wait()
    // The step may have been over between the two.
    #expect(!outcome.isCrash && [0, 130].contains(outcome.status), "\(outcome.status)")
    let file = directory.file("run/last.safetensors.zst")
    if FileManager.default.fileExists(atPath: file.path) {
      _ = try Checkpoint.read(file, includingOptimizer: true)
    }
  }

  @Test func `a terminal that is gone twice does not end the program before it has saved`() throws {
    let running = try Program.start(TinyRun.train("run", "--epochs", "1000"), in: directory.url)
    #expect(waitForStep(running, in: "run"))
    for _ in 0..<2 { kill(running.process.processIdentifier, SIGHUP) }
    let outcome = try running.wait()
    #expect(outcome.status == 0 && outcome.standardError.contains("stopped after step"), "\(outcome.standardError)")
    _ = try Checkpoint.read(directory.file("run/last.safetensors.zst"), includingOptimizer: true)
  }

  @Test func `under nohup the end of the terminal is nothing`() throws {
    let running = try Program.start(
      TinyRun.train("run", "--epochs", "5"),
      through: ["/bin/sh", "-c", "trap '' HUP; exec \"$@\"", "sh", Program.url.get().path], in: directory.url)
    #expect(waitForStep(running, in: "run"))
    kill(running.process.processIdentifier, SIGHUP)
    let outcome = try running.wait()
    #expect(outcome.status == 0 && !outcome.isCrash)
    #expect(try Checkpoint.summary(of: directory.file("run/last.safetensors.zst")).progress.step == 20)
  }

  @Test func `a run that is killed goes on from its last epoch`() throws {
    let running = try Program.start(TinyRun.train("parts", "--epochs", "50"), in: directory.url)
    let last = directory.file("parts/last.safetensors.zst")
    while running.process.isRunning, !FileManager.default.fileExists(atPath: last.path) {
      Thread.sleep(forTimeInterval: 0.01)
    }
    kill(running.process.processIdentifier, SIGKILL)
    #expect(try running.wait().isCrash)
    let step = try Checkpoint.summary(of: last).progress.step
    #expect(step % 4 == 0 && step < 200)
    try Program.succeed(["train", "--resume", "parts", "--steps", "\(step + 4)"], in: directory.url)
    try Program.succeed(TinyRun.train("whole", "--steps", "\(step + 4)"), in: directory.url)
    try TinyRun.expectSame(directory.file("whole"), directory.file("parts"))
  }
}
