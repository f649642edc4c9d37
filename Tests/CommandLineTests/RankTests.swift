import Communication
import FileTestSupport
import Foundation
import ImageDatasets
import Runs
import Safetensors
import Tensors
import Testing
import Training

#if MPI
  private let isBuiltWithMPI = true
#else
  private let isBuiltWithMPI = false
#endif

/// Runs of several ranks on this machine: the run of one, whatever goes wrong.
@Suite(
  .serialized, .enabled(if: isBuiltWithMPI, "needs a build with the trait MPI"),
  .enabled(if: RankLauncher.lack == nil, "\(RankLauncher.lack ?? "")"))
struct RankTests {
  let directory = try! TemporaryDirectory()

  private func start(_ ranks: Int, _ arguments: [String]) throws -> Program.Running {
    try Program.start(
      arguments, through: RankLauncher.command(ranks: ranks) + [Program.url.get().path],
      environment: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"], in: directory.url)
  }

  private func run(_ ranks: Int, _ arguments: [String]) throws -> Program.Outcome { try start(ranks, arguments).wait() }

  private func succeed(_ ranks: Int, _ arguments: [String]) throws -> Program.Outcome {
    let outcome = try run(ranks, arguments)
    try #require(outcome.status == 0 && !outcome.isCrash, "\(outcome.standardError)")
    return outcome
  }

  /// A model whose hypernetwork is large enough to be divided.
  private let divided = ["--latent", "64", "--hidden", "64", "--blocks", "1", "--rank", "20", "--tolerance", "1e-3"]
  private func sized(_ output: String, _ more: [String]) -> [String] {
    ["train", "--output", output] + TinyRun.size + divided + more
  }

  /// The greatest difference of parameters of two runs' last states, whose names and shapes are the same.
  private func difference(_ a: String, _ b: String) throws -> Float {
    let files = try [a, b].map { try SafetensorsFile(directory.file("\($0)/\(Checkpoint.lastName)")) }
    #expect(files[0].entries.map(\.name).sorted() == files[1].entries.map(\.name).sorted())
    var greatest: Float = 0
    for entry in files[0].entries where !entry.name.hasPrefix("optimizer.") {
      let (x, y) = (try files[0].floats(entry.name), try files[1].floats(entry.name))
      greatest = max(greatest, zip(x, y).map { abs($0 - $1) }.max() ?? 0)
    }
    return greatest
  }

  @Test(arguments: ["ffjord", "sylvester-orthogonal"])
  func `any number of ranks takes the steps of one, to rounding`(flow: String) throws {
    let flow = flow == "ffjord" ? divided : ["--flow", flow, "--latent", "8"]
    func arguments(_ output: String, _ more: [String] = []) -> [String] {
      ["train", "--output", output] + TinyRun.size + flow + ["--steps", "6", "--average", "0.9"] + more
    }
    try Program.succeed(arguments("one"), in: directory.url)
    for ranks in [2, 3, 4] {
      let outcome = try succeed(ranks, arguments("of\(ranks)"))
      #expect(outcome.standardError.contains("ranks: \(ranks),"), "\(outcome.standardError)")
      #expect(try difference("one", "of\(ranks)") < 1e-4)
      #expect(
        try TinyRun.metrics(of: directory.file("of\(ranks)")).count == TinyRun.metrics(of: directory.file("one")).count)
    }
    // The same number of ranks gives the same bits.
    _ = try succeed(3, arguments("again"))
    try TinyRun.expectSame(directory.file("of3"), directory.file("again"))
    // The file is one that any number of ranks goes on from; so is the mean of its parameters.
    _ = try succeed(2, ["train", "--resume", "of3", "--steps", "9"])
    try Program.succeed(["train", "--resume", "one", "--steps", "9"], in: directory.url)
    #expect(try difference("one", "of3") < 1e-4)
  }

  @Test func `a resumed run of ranks is the one that was not stopped`() throws {
    _ = try succeed(2, sized("whole", ["--steps", "8", "--generated-weight", "0.5", "--random-shift", "1"]))
    _ = try succeed(2, sized("parts", ["--steps", "5", "--generated-weight", "0.5", "--random-shift", "1"]))
    let outcome = try succeed(2, ["train", "--resume", "parts", "--steps", "8"])
    #expect(outcome.standardError.contains("divided by rows"), "\(outcome.standardError)")
    try TinyRun.expectSame(directory.file("whole"), directory.file("parts"))
  }

  @Test func `batches of fewer images than ranks are everybody's`() throws {
    // Ten images a batch, and one left over: 11 images.
    let few = ["--limit-train", "11", "--epochs", "2", "--random-shift", "1"]
    try Program.succeed(sized("one", few), in: directory.url)
    _ = try succeed(3, sized("three", few))
    #expect(try difference("one", "three") < 1e-4)
  }

  @Test func `bounds, scores and codes are those of one rank`() throws {
    let run = try TinyRun.shared.get().path
    func number(_ outcome: Program.Outcome, _ name: String) throws -> Double {
      try #require(try object(outcome.standardOutput)[name] as? Double)
    }
    let arguments = [
      "evaluate", run + "/" + Checkpoint.bestName, "--limit", "25", "--importance-samples", "3", "--json",
    ]
    let (one, three) = (try Program.succeed(arguments, in: directory.url), try succeed(3, arguments))
    for name in ["negative_elbo", "nll", "standard_error"] {
      #expect(abs(try number(one, name) - number(three, name)) < 1e-3)
    }
    for command in ["encode", "score"] {
      let arguments = [command, run, "--limit", "25", "--output"]
      try Program.succeed(arguments + ["one.safetensors"], in: directory.url)
      let outcome = try succeed(2, arguments + ["two.safetensors"])
      #expect(outcome.messages.count { $0.hasPrefix("two.safetensors:") } == 1, "\(outcome.standardError)")
      let files = try ["one", "two"].map { try SafetensorsFile(directory.file("\($0).safetensors")) }
      for entry in files[0].entries {
        let (a, b) = (try files[0].floats(entry.name), try files[1].floats(entry.name))
        #expect(a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < 1e-3 * max(1, abs($0)) })
      }
    }
  }

  @Test func `each rank evaluates its part of the images`() throws {
    let run = try TinyRun.shared.get().path
    let evaluation = [
      "evaluate", run, "--limit", "23", "--batch-size", "10", "--importance-samples", "4", "--verbose-ranks",
    ]
    for ranks in [2, 3] {
      let outcome = try succeed(ranks, evaluation)
      for rank in 1..<ranks {
        // Of batches of 10, 10 and 3 images, each 4 times.
        let own = [10, 10, 3].reduce(0) { $0 + $1.part(rank, of: ranks).count }
        #expect(
          outcome.messages.count { $0 == "rank \(rank): evaluated \(4 * own) samples of its images" } == 1,
          "\(outcome.standardError)")
      }
    }
  }

  @Test func `other ranks speak where they are asked to, and say who they are`() throws {
    let outcome = try succeed(3, sized("run", ["--steps", "2", "--verbose-ranks"]))
    for (rank, images) in [(1, "5 to 7"), (2, "8 to 10")] {
      let words = outcome.messages.filter { $0.hasPrefix("rank \(rank): ") }.joined(separator: "\n")
      for part in ["one of 3, process ", "takes images \(images) of each batch", "took 2 steps", "of processor time"] {
        #expect(words.contains(part), "\(outcome.standardError)")
      }
    }
    // Each holds a third of what is divided.
    let held = outcome.messages.compactMap { $0.firstMatch(of: /holds (\d+) of (\d+) parameters/) }
      .compactMap { match in Double(match.1).flatMap { held in Double(match.2).map { held / $0 } } }
    #expect(held.count == 2 && held.allSatisfy { (0.3..<0.9).contains($0) }, "\(outcome.standardError)")
    let silent = try succeed(3, sized("silent", ["--steps", "2"]))
    #expect(!silent.standardError.contains("rank 1:"), "\(silent.standardError)")
  }

  @Test func `in mixed precision half as much is sent for what is divided, and the run is that of one rank nearly`()
    throws
  {
    func megabytes(_ outcome: Program.Outcome, _ pattern: Regex<(Substring, Substring)>) throws -> Double {
      try #require(outcome.standardError.firstMatch(of: pattern).flatMap { Double($0.1) }, "\(outcome.standardError)")
    }
    let model = ["--latent", "128", "--hidden", "128", "--rank", "30", "--batch-size", "40"]
    let more = model + ["--steps", "6", "--precision"]
    let whole = try succeed(2, sized("whole", more + ["float32"]))
    let half = try succeed(2, sized("half", more + ["mixed"]))
    // 15616 numbers for each of 40 images, half of them to and half from the other rank, two bytes less each.
    let less = 15_616.0 * 40 / 2 * 2 / 1e6
    for pattern in [/about ([0-9.]+) MB sent/, /rank 0 sent ([0-9.]+) MB/] {
      #expect(try abs(megabytes(whole, pattern) - megabytes(half, pattern) - less) < 0.11)
    }
    try Program.succeed(sized("one", more + ["mixed"]), in: directory.url)
    #expect(try difference("one", "half") < 1e-2)
  }

  // MARK: - What goes wrong

  @Test func `what is wrong is said once, with the exit code of one rank`() throws {
    for (arguments, code, words) in [
      (["train", "--bogus"], 64, "--bogus"), (["evaluate", "nowhere"], 66, "no checkpoint at nowhere"),
      (["train", "--output", "/proc/none"], 74, "cannot write"),
    ] as [([String], Int32, String)] {
      let outcome = try run(3, arguments)
      #expect(outcome.status == code, "\(outcome.standardError)")
      #expect(outcome.messages.count { $0.hasPrefix("ffjord-vae: error") } == 1, "\(outcome.standardError)")
      #expect(outcome.standardError.contains(words), "\(outcome.standardError)")
    }
    try Data("no checkpoint".utf8).write(to: directory.file("bad.safetensors.zst"))
    #expect(try run(2, ["evaluate", "bad.safetensors.zst"]).status == 65)
  }

  @Test func `a run that diverges says so once, and keeps its checkpoint`() throws {
    _ = try succeed(2, sized("run", ["--steps", "4"]))
    let saved = try Data(contentsOf: directory.file("run/\(Checkpoint.lastName)"))
    let outcome = try run(
      2, ["train", "--from", "run", "--output", "next"] + TinyRun.size + ["--learning-rate", "1e30", "--steps", "50"])
    #expect(outcome.status == 70, "\(outcome.standardError)")
    #expect(outcome.messages.count { $0.hasPrefix("ffjord-vae: error") } == 1, "\(outcome.standardError)")
    #expect(try Data(contentsOf: directory.file("run/\(Checkpoint.lastName)")) == saved)
  }

  /// Whose batch has what is not a number, rank 0 or 1: weights that the one image which is not black meets alone.
  @Test(arguments: [0, 1]) func `what one rank alone cannot compute ends all, said once`(rank: Int) throws {
    let images = 10
    let seed: UInt64 = 1
    let training =
      TinyRun.size + ["--limit-train", "\(images)", "--dataset", "pictures", "--seed", "\(seed)"] + divided
    let order = BatchPlan(imageCount: images, batchSize: images, seed: seed).order(epoch: 1)
    let lit = order[images.part(rank, of: 2).lowerBound]
    for split in ["train", "validation"] {
      for number in 0..<images {
        let file = directory.file("pictures/\(split)/\(number).png")
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        let shade: UInt8 = split == "train" && number == lit ? 255 : 0
        try PNGImage(height: 28, width: 28, pixels: Array(repeating: shade, count: 784)).write(to: file)
      }
    }
    try Program.succeed(["train", "--output", "run", "--epochs", "1"] + training, in: directory.url)
    let file = directory.file("run/\(Checkpoint.lastName)")
    var (_, state) = try Checkpoint.read(file, includingOptimizer: true)
    state.parameters.tensors[0] = Tensor(repeating: 1e38, shape: state.parameters.parameters[0].shape, .float32)
    try RunDirectory(directory.file("run").path).save(state, isBest: false)
    let saved = try Data(contentsOf: file)

    let outcome = try run(2, ["train", "--resume", "run", "--epochs", "3", "--verbose-ranks"])
    #expect(outcome.status == 70, "\(outcome.standardError)")
    #expect(outcome.messages.count { $0.hasPrefix("ffjord-vae: error") } == 1, "\(outcome.standardError)")
    // The other rank knows of it, too.
    #expect(outcome.messages.contains { $0.hasPrefix("rank 1: ") && $0.contains("step 2") }, "\(outcome.standardError)")
    #expect(try Data(contentsOf: file) == saved)
  }

  /// The process of a rank of a run that writes to a folder: launchers start them in order.
  private func process(ofRank rank: Int, _ folder: String) throws -> pid_t {
    let pattern = "^\(try Program.url.get().path) train --output \(folder)"
    let processes = try ExternalProgram.run("pgrep", ["-f", pattern]).output.split(separator: "\n")
    return try #require(processes.compactMap { pid_t($0) }.sorted().dropFirst(rank).first)
  }

  private func waitForCheckpoint(_ running: Program.Running, _ folder: String) {
    let file = "\(folder)/\(Checkpoint.lastName)"
    while running.process.isRunning, !FileManager.default.fileExists(atPath: file) {
      Thread.sleep(forTimeInterval: 0.01)
    }
  }

  @Test(arguments: [0, 2]) func `a signal to one rank ends all after their step, saved`(rank: Int) throws {
    let folder = directory.file("signalled").path
    let running = try start(3, sized(folder, ["--epochs", "500"]))
    waitForCheckpoint(running, folder)
    kill(try process(ofRank: rank, folder), SIGTERM)
    let outcome = try running.wait()
    #expect(outcome.status == 0, "\(outcome.standardError)")
    let step = try Checkpoint.summary(of: directory.file("signalled/\(Checkpoint.lastName)")).progress.step
    #expect(outcome.messages.count { $0.hasPrefix("stopped after step \(step);") } == 1, "\(outcome.standardError)")
  }

  @Test(arguments: [0, 1]) func `a killed rank ends the job within seconds, and the checkpoint is whole`(rank: Int)
    throws
  {
    let folder = directory.file("killed").path
    let running = try start(3, sized(folder, ["--epochs", "500"]))
    waitForCheckpoint(running, folder)
    let start = ContinuousClock.now
    kill(try process(ofRank: rank, folder), SIGKILL)
    #expect(try running.wait().status != 0)
    #expect(ContinuousClock.now - start < .seconds(20))
    _ = try Checkpoint.read(directory.file("killed/\(Checkpoint.lastName)"), includingOptimizer: true)
  }

  @Test(.enabled(if: getuid() == 0, "mounts a small file system, which root may"))
  func `a full disk ends all ranks, and the last checkpoint stays`() throws {
    let disk = directory.file("disk")
    try FileManager.default.createDirectory(at: disk, withIntermediateDirectories: true)
    guard try ExternalProgram.run("mount", ["-t", "tmpfs", "-o", "size=400m", "tmpfs", disk.path]).status == 0 else {
      return
    }
    defer { _ = try? ExternalProgram.run("umount", [disk.path]) }
    _ = try succeed(2, sized("disk/run", ["--epochs", "1"]))
    let file = directory.file("disk/run/\(Checkpoint.lastName)")
    let saved = try Data(contentsOf: file)
    // What is left has no room for another checkpoint.
    let attributes = try FileManager.default.attributesOfFileSystem(forPath: disk.path)
    let free = try #require(attributes[.systemFreeSize] as? NSNumber).intValue
    try Data(count: free - saved.count / 2).write(to: disk.appending(path: "ballast"))
    let outcome = try run(2, ["train", "--resume", "disk/run", "--epochs", "3"])
    #expect(outcome.status == 74, "\(outcome.standardError)")
    #expect(outcome.messages.count { $0.hasPrefix("ffjord-vae: error") } == 1, "\(outcome.standardError)")
    #expect(try Data(contentsOf: file) == saved)
  }
}
