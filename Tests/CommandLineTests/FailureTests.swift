import FileTestSupport
import Foundation
import Runs
import Testing

/// What a person can get wrong, and what can be wrong on a machine: an exit code, and words with the remedy.
@Suite(.serialized) struct FailureTests {
  let directory = try! TemporaryDirectory()

  @Test(arguments: [
    ["train", "--colour", "red"], ["evaluate"], ["reconstruct", "run"], ["sample", "run"], ["inspect"],
    ["teach"], ["datasets", "paint"], ["inspect", "run", "--json", "yes"], ["train", "--epochs"],
  ])
  func `unknown and missing options are usage errors`(arguments: [String]) throws {
    try Program.fail(64, arguments, naming: ["Usage:"], in: directory.url)
  }

  @Test(arguments: [
    ["--epochs", "0"], ["--epochs", "many"], ["--steps", "0"], ["--steps", "-1"], ["--batch-size", "0"],
    ["--learning-rate", "0"], ["--learning-rate", "nan"], ["--warmup", "-1"], ["--patience", "0"],
    ["--latent", "0"], ["--hidden", "8-"], ["--hidden", "0"], ["--hidden", "512,512"], ["--blocks", "0"],
    ["--rank", "0"], ["--flow", "nonesuch"], ["--solver", "dopri6"], ["--tolerance", "0"],
    ["--tolerance", "1"], ["--solver-steps", "0"], ["--divergence", "approximate"], ["--gradient", "none"],
    ["--seed", "-1"], ["--threads", "0"], ["--limit-train", "0"], ["--limit-eval", "0"],
    ["--dataset", "cifar"], ["--preset", "large"], ["--layer-type", "residual"], ["--activation", "cosine"],
    ["--time-length", "0"], ["--kinetic-energy", "-1"], ["--jacobian-norm", "inf"],
  ])
  func `values that make no sense are usage errors that name them`(option: [String]) throws {
    // The value joined to its option, so that one that starts with a dash is a value.
    let joined = option.joined(separator: "=")
    let outcome = try Program.fail(
      64, ["train", "--output", "run", joined], naming: [option[1]], in: directory.url)
    #expect(outcome.standardError.count < 1500)
    #expect(try directory.names() == [], "something was made before the validationError")
  }

  @Test(arguments: [
    ["evaluate", "run", "--limit", "0"], ["evaluate", "run", "--importance-samples", "0"],
    ["evaluate", "run", "--batch-size", "0"], ["evaluate", "run", "--split", "middle"],
    ["reconstruct", "run", "--output", "r.png", "--count", "0"],
    ["sample", "run", "--output", "s.png", "--count", "100000000"],
    ["train", "--resume", "run", "--latent", "3", "--seed", "4"],
  ])
  func `values that make no sense are usage errors of every command`(arguments: [String]) throws {
    try Program.fail(64, arguments, in: directory.url)
  }

  @Test(arguments: [
    ["--flow", "none", "--rank", "3"], ["--flow", "planar", "--hidden", "8"], ["--reflections", "2"],
    ["--flow", "iaf", "--orthogonal-vectors", "2"], ["--amortization", "bias", "--rank", "3"],
    ["--flow", "none", "--kinetic-energy", "1"], ["--flows", "3"],
  ])
  func `options of another posterior are usage errors that name both`(options: [String]) throws {
    try Program.fail(
      64, ["train", "--output", "run"] + options, naming: [options.last { $0.hasPrefix("--") } ?? "", "is for --"],
      in: directory.url)
    #expect(try directory.names() == [])
  }

  @Test func `a resumed run says which options it does not take`() throws {
    try Program.fail(
      64, ["train", "--resume", "run", "--latent", "3", "--flow", "none", "--epochs", "5"],
      naming: ["a resumed run keeps its configuration, got --latent, --flow. Leave out", "Usage: ffjord-vae train"],
      in: directory.url)
  }

  @Test func `a missing dataset is told with every place, the address and the command`() throws {
    let environment = ["FFJORD_VAE_DATA": directory.file("data").path]
    let here = directory.url.path
    let names = ["omniglot/chardata.mat", "chardata.mat"]
    let places = ["here", "data", "Datasets"].flatMap { folder in names.map { "\(here)/\(folder)/\($0)" } }
    try Program.fail(
      66, ["train", "--dataset", "omniglot", "--data-dir", "here"],
      naming: places + [
        "https://raw.githubusercontent.com/yburda/iwae/master/datasets/OMNIGLOT/chardata.mat",
        "ffjord-vae datasets fetch omniglot", "--data-dir",
      ], environment: environment, in: directory.url)
    #expect(try directory.names() == [], "a directory was made for a run that cannot be")
    let run = try TinyRun.shared.get().path
    try Program.fail(
      66, ["evaluate", run, "--dataset", "omniglot"], naming: ["\(here)/Datasets/chardata.mat"],
      in: directory.url)
    let check = try Program.run(["datasets", "check", "omniglot"], in: directory.url)
    #expect(check.status == 66 && check.standardError.contains("datasets fetch omniglot"))
  }

  @Test func `a missing checkpoint is told with its path`() throws {
    for arguments in [
      ["evaluate", "none"], ["reconstruct", "none", "--output", "r.png"], ["inspect", "none"],
      ["sample", "none", "--output", "s.png"], ["train", "--resume", "none"], ["evaluate", "."],
    ] {
      try Program.fail(
        66, arguments, naming: ["no checkpoint at \(arguments.contains(".") ? "." : "none")"],
        in: directory.url)
    }
  }

  @Test func `damaged checkpoints are bad data for every command`() throws {
    let whole = try Data(contentsOf: TinyRun.shared.get().appending(path: Checkpoint.lastName))
    var flipped = whole
    flipped[whole.count * 2 / 3] ^= 0x10
    let damaged = [
      "short": Data(whole.prefix(whole.count / 2)), "flipped": flipped,
      "absurd": Data([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]) + Data("{}".utf8),
      "text": Data("step,loss\n1,543.2\n".utf8), "empty": Data(),
    ]
    for (name, data) in damaged {
      let file = "\(name).safetensors.zst"
      try data.write(to: directory.file(file))
      for arguments in [
        ["evaluate", file], ["train", "--resume", file], ["sample", file, "--output", "s.png"],
        ["reconstruct", file, "--output", "r.png"],
      ] {
        try Program.fail(65, arguments, naming: [file], in: directory.url)
      }
      // The beginning of the first two files is whole, and tells no lie.
      if !["short", "flipped"].contains(name) {
        try Program.fail(65, ["inspect", file], naming: [file], in: directory.url)
      }
    }
    #expect(try directory.names().count == damaged.count)
  }

  @Test func `a MAT file that is none, or lacks the variables, is bad data`() throws {
    try FileManager.default.createDirectory(at: directory.file("Datasets"), withIntermediateDirectories: true)
    let file = directory.file("Datasets/chardata.mat")
    try Data("These are no characters.\n".utf8).write(to: file)
    let arguments = TinyRun.train("run", "--dataset", "omniglot", "--steps", "1")
    try Program.fail(65, arguments, naming: [file.path], in: directory.url)
    // Level 5 of the format: a header of 128 bytes, then a matrix of one double, 1.5, whose name is x.
    var matrix = Data("MATLAB 5.0 MAT-file".utf8)
    matrix += [UInt8](repeating: UInt8(ascii: " "), count: 124 - matrix.count)
    matrix += [0, 1, UInt8(ascii: "I"), UInt8(ascii: "M")]
    let flags: [UInt32] = [6, 8, 6, 0]
    let dimensions: [UInt32] = [5, 8, 1, 1]
    let name: [UInt32] = [1, 1, UInt32(UInt8(ascii: "x")), 0]
    let bits = (1.5).bitPattern
    let values = [9, 8, UInt32(truncatingIfNeeded: bits), UInt32(truncatingIfNeeded: bits >> 32)]
    for number in [14, 64] + flags + dimensions + name + values {
      withUnsafeBytes(of: number.littleEndian) { matrix += $0 }
    }
    try matrix.write(to: file)
    try Program.fail(65, arguments, naming: [file.path, "'data'", "'x'"], in: directory.url)
    #expect(try directory.names() == ["Datasets"])
  }

  @Test func `an output directory that cannot be made is an error, and nothing is harmed`() throws {
    let file = directory.file("file")
    try Data("mine".utf8).write(to: file)
    try Program.fail(74, TinyRun.train("file/run", "--steps", "1"), naming: ["file/run"], in: directory.url)
    try Program.fail(
      74, TinyRun.train("file", "--steps", "1", "--overwrite"), naming: ["file"], in: directory.url)
    #expect(try Data(contentsOf: file) == Data("mine".utf8))
  }

  @Test func `a checkpoint that cannot be written leaves the previous one`() throws {
    try Program.succeed(TinyRun.train("run", "--steps", "1"), in: directory.url)
    let file = directory.file("run/last.safetensors.zst")
    let saved = try Data(contentsOf: file)
    // The metrics cannot be appended to: they are a directory.
    try FileManager.default.removeItem(at: directory.file("run/metrics.jsonl"))
    try FileManager.default.createDirectory(
      at: directory.file("run/metrics.jsonl"), withIntermediateDirectories: false)
    try Program.fail(
      74, ["train", "--resume", "run", "--steps", "3"], naming: ["metrics.jsonl"], in: directory.url)
    #expect(try Data(contentsOf: file) == saved)
  }

  @Test func `a picture that cannot be written is an error before time is spent`() throws {
    let run = try TinyRun.shared.get().path
    try FileManager.default.createDirectory(at: directory.file("folder"), withIntermediateDirectories: true)
    for command in ["reconstruct", "sample"] {
      try Program.fail(74, [command, run, "--output", "none/r.png"], naming: ["none"], in: directory.url)
      try Program.fail(
        74, [command, run, "--output", "folder"], naming: ["folder", "directory"], in: directory.url)
    }
    #expect(try directory.names() == ["folder"])
  }

  @Test func `diverging training is a numerical failure that keeps the last checkpoint`() throws {
    let outcome = try Program.run(
      TinyRun.train("run", "--epochs", "50", "--learning-rate", "1e10"), in: directory.url)
    #expect(outcome.status == 70 && !outcome.isCrash, "\(outcome.standardError)")
    #expect(
      outcome.standardError.contains("--learning-rate"))
    #expect(outcome.messages.contains { $0.hasPrefix("ffjord-vae: error: ") }, "\(outcome.standardError)")
  }

  @Test func `a solve at its limit of steps says what a person can change`() throws {
    // Below what single precision resolves. No option raises the limit itself.
    let outcome = try Program.fail(
      70, TinyRun.train("run", "--steps", "1", "--training-tolerance", "1e-15"),
      naming: ["took 2000 steps", "loosen the tolerance", "--training-tolerance", "--kinetic-energy"], in: directory.url
    )
    #expect(!outcome.standardError.contains("limit"))
  }

  @Test func `files that are there and cannot be read are failures of input`() throws {
    try FileManager.default.createDirectory(at: directory.file("folder"), withIntermediateDirectories: true)
    try Program.fail(74, ["train", "--config", "folder"], naming: ["cannot read folder"], in: directory.url)
    try Program.fail(66, ["train", "--config", "nothing"], naming: ["nothing"], in: directory.url)
    for kind in ["metrics.jsonl", "config.json"] {
      try Program.succeed(TinyRun.train("blocked", ["--epochs", "1", "--overwrite"]), in: directory.url)
      let file = directory.file("blocked/\(kind)")
      try FileManager.default.removeItem(at: file)
      try FileManager.default.createDirectory(at: file, withIntermediateDirectories: true)
      try Program.fail(74, ["compare", "blocked"], naming: ["cannot read blocked/\(kind)"], in: directory.url)
      try FileManager.default.removeItem(at: file)
    }
  }
}
