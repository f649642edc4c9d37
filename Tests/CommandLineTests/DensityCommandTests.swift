import DensityEstimation
import FileTestSupport
import Foundation
import ImageDatasets
import Runs
import Safetensors
import Testing

/// `density train`, `evaluate`, `sample`, and the commands that take a density model's run beside others.
@Suite(.serialized) struct DensityCommandTests {
  let directory = try! TemporaryDirectory()

  /// A run of a few small steps.
  private func train(_ output: String, _ more: String...) -> [String] {
    let isContinuous = !more.contains("--flow") || more.contains { $0.hasSuffix("ffjord") }
    return [
      "density", "train", "--data", "moons", "--hidden", "8", "--steps", "6", "--validate-every", "3", "--batch-size",
      "20", "--limit-validation", "50", "--output", output,
    ] + (isContinuous ? ["--tolerance", "1e-3"] : []) + more
  }

  /// Trains on the table `a.csv`.
  private func trainOnTable() throws {
    var arguments = train("run", "--flow", "maf")
    arguments[3] = "a.csv"
    try Program.succeed(arguments, in: directory.url)
  }

  private func write(_ name: String, rows: Int, columns: Int) throws {
    let lines = (0..<rows).map { row in
      (0..<columns).map { "\(Double((row * 7 + $0 * 13) % 29) + Double($0))" }.joined(separator: ",")
    }
    try Data(lines.joined(separator: "\n").utf8).write(to: directory.file(name))
  }

  @Test func optionsWithoutEffectAreUsageErrors() throws {
    for (option, value, flow) in [
      ("--solver", "euler", "maf"), ("--kinetic-energy", "3", "real-nvp"), ("--divergence", "gaussian", "glow"),
      ("--components", "5", "ffjord"), ("--logit-alpha", "0.1", "ffjord"), ("--solver-steps", "5", "ffjord"),
      ("--polynomial-degree", "2", "ffjord"),
    ] {
      let name = option == "--solver-steps" ? "dopri5" : option == "--polynomial-degree" ? "--polynomial" : flow
      try Program.fail(64, train("run", "--flow", flow, option, value), naming: [option, name], in: directory.url)
    }
    try Program.fail(64, train("run", "--solver", "rk4"), naming: ["--tolerance", "rk4"], in: directory.url)
    try Program.fail(64, train("run", "--tolerance", "5"), naming: ["--tolerance"], in: directory.url)
    try Program.fail(64, ["density", "train", "--data", ""], naming: ["--data"], in: directory.url)
    // Nothing is left of what did not begin.
    #expect(!(try directory.names()).contains("run"))
    try Program.succeed(train("run", "--flow", "maf"), in: directory.url)
    for options in [["--divergence", "exact"], ["--data", "moons", "--split", "validation"]] {
      try Program.fail(64, ["density", "evaluate", "run"] + options, naming: [options[0]], in: directory.url)
    }
    try Program.fail(
      64, ["density", "plot", "run", "--output", "a.png", "--frames", "9"], naming: ["--frames"], in: directory.url)
  }

  @Test func samplesOfATableHaveTheNamesOfItsColumns() throws {
    try write("rows.csv", rows: 40, columns: 2)
    let rows = try String(contentsOf: directory.file("rows.csv"), encoding: .utf8)
    try Data(("height,\"width, in cm\"\n" + rows).utf8).write(to: directory.file("a.csv"))
    try trainOnTable()
    try Program.succeed(["density", "sample", "run", "--count", "5", "--output", "b.csv"], in: directory.url)
    let samples = try String(contentsOf: directory.file("b.csv"), encoding: .utf8)
    #expect(samples.hasPrefix("height,\"width, in cm\"\n"))
    try Program.succeed(["density", "evaluate", "run", "--data", "b.csv"], in: directory.url)
  }

  @Test func anInspectionSaysWhatACheckpointHolds() throws {
    try Program.succeed(train("run", "--flow", "real-nvp+ffjord"), in: directory.url)
    let text = try Program.succeed(["inspect", "run"], in: directory.url).standardOutput
    for words in [
      "run/best.safetensors.zst  ", "trained on    moons, seed 1\n", "step 6, 2 validations", "2 dimensions\n",
      "real-nvp+ffjord, 1 block of 8", "tanh, concatsquash, time 0.5, trained", "dopri5, tolerance 0.001,",
      "batch 20\n", "best          -log p(x) ", " nats, validation 2\n", " tensors\n  ",
    ] {
      #expect(text.contains(words), "no \(words) in: \(text)")
    }
    #expect(!text.contains("optimizer."))
    let report = try object(
      Program.succeed(["inspect", "run/last.safetensors.zst", "--json"], in: directory.url).standardOutput)
    #expect(Set(report.keys) == ["path", "bytes", "run", "parameters", "configuration", "progress", "tensors"])
    let tensors = try #require(report["tensors"] as? [[String: Any]])
    let moments = tensors.filter { ($0["name"] as? String)?.hasPrefix("optimizer.first_moment.") == true }
    let count = moments.compactMap { ($0["shape"] as? [Int])?.reduce(1, *) }.reduce(0, +)
    #expect(report["parameters"] as? Int == count)
    #expect(text.contains("parameters    \(count) in \(moments.count) tensors"))
    #expect((report["progress"] as? [String: Any])?["step"] as? Int == 6)
  }

  @Test func anInspectionSaysHowManyStepsAFixedStepSolverTakes() throws {
    let arguments = train("run", "--solver", "rk4", "--solver-steps", "4").filter {
      !["--tolerance", "1e-3"].contains($0)
    }
    try Program.succeed(arguments, in: directory.url)
    let text = try Program.succeed(["inspect", "run"], in: directory.url).standardOutput
    #expect(text.contains("solver        rk4, 4 steps, "))
    #expect(!text.contains("tolerance"))
  }

  @Test func aDamagedCheckpointIsNotInspected() throws {
    try Program.succeed(train("run", "--flow", "real-nvp"), in: directory.url)
    for name in ["best", "last"] {
      try Data("nothing".utf8).write(to: directory.file("run/\(name).safetensors.zst"))
    }
    try Program.fail(
      65, ["inspect", "run"], naming: ["best.safetensors.zst", "last.safetensors.zst"], in: directory.url)
  }

  @Test func dataFromAPipeOrADeviceAreRefused() throws {
    try #require(mkfifo(directory.file("pipe.csv").path, 0o600) == 0)
    for path in ["pipe.csv", "/dev/null"] {
      var arguments = train("run", "--flow", "maf")
      arguments[3] = path
      try Program.fail(65, arguments, naming: [path, "a pipe or a device"], in: directory.url)
    }
  }

  @Test func dataOfAnotherWidthAreBadDataForEveryCommand() throws {
    try write("a.csv", rows: 40, columns: 2)
    try trainOnTable()
    try write("a.csv", rows: 40, columns: 3)
    for command in [
      ["evaluate", "run"], ["plot", "run", "--output", "a.png"], ["train", "--resume", "run", "--steps", "9"],
    ] {
      try Program.fail(65, ["density"] + command, naming: ["a.csv", "3 columns"], in: directory.url)
    }
  }

  @Test func ofAChangedTableNoResultIsKept() throws {
    try write("a.csv", rows: 40, columns: 2)
    try trainOnTable()
    try write("a.csv", rows: 50, columns: 2)
    let evaluated = try Program.succeed(["density", "evaluate", "run"], in: directory.url)
    #expect(evaluated.standardError.contains("the result is not kept"))
    #expect(!(try directory.names("run")).contains("evaluations.jsonl"))
    let resume = ["density", "train", "--resume", "run", "--steps", "9"]
    try Program.fail(65, resume, naming: ["a.csv", "--allow-changed-data"], in: directory.url)
    try Program.succeed(resume + ["--allow-changed-data"], in: directory.url)
    try Program.succeed(["density", "evaluate", "run"], in: directory.url)
    #expect(try directory.names("run").contains("evaluations.jsonl"))
  }

  @Test func aRunIsResumedFromItsOwnCheckpoints() throws {
    try Program.succeed(train("run"), in: directory.url)
    let other = directory.file("run/other.safetensors.zst")
    try FileManager.default.copyItem(at: directory.file("run/last.safetensors.zst"), to: other)
    try Program.fail(
      64, ["density", "train", "--resume", "run/other.safetensors.zst"], naming: ["other", "--resume FOLDER"],
      in: directory.url)
    try Program.succeed(
      ["density", "train", "--resume", "run/last.safetensors.zst", "--steps", "8"], in: directory.url)
  }

  @Test(arguments: ["ffjord", "made"]) func theSamplesWayFromTheNoiseIsDrawn(_ flow: String) throws {
    try Program.succeed(train("run", "--flow", flow, "--blocks", "1"), in: directory.url)
    let size = ["--count", "100", "--side", "10"]
    try Program.succeed(["density", "plot", "run", "--output", "a.png"] + size, in: directory.url)
    #expect(try PNGImage(contentsOf: directory.file("a.png")).height > 20)
    try Program.succeed(["density", "plot", "run", "--output", "a.gif", "--frames", "3"] + size, in: directory.url)
    #expect(try Data(contentsOf: directory.file("a.gif")).starts(with: Data("GIF89a".utf8)))
  }

  @Test func imagesAreTrainedOnSampledAndEvaluated() throws {
    try FileManager.default.createDirectory(at: directory.file("pictures"), withIntermediateDirectories: true)
    for number in 0..<30 {
      let pixels = (0..<64).map { UInt8(($0 * 3 + number * 7) % 256) }
      try PNGImage(height: 8, width: 8, pixels: pixels).write(to: directory.file("pictures/\(number).png"))
    }
    var arguments = train("run", "--flow", "real-nvp", "--blocks", "1", "--patience", "5")
    arguments[3] = "pictures"
    let trained = try Program.succeed(arguments, in: directory.url)
    #expect(trained.standardError.contains("bits/dim"))
    try Program.succeed(["density", "sample", "run", "--count", "4", "--output", "s.png"], in: directory.url)
    try Program.succeed(["density", "sample", "run", "--count", "4", "--output", "s.csv"], in: directory.url)
    let rows = try String(contentsOf: directory.file("s.csv"), encoding: .utf8).split(separator: "\n").dropFirst()
    let levels = rows.flatMap { $0.split(separator: ",").compactMap { Double($0) } }
    #expect(levels.count == 4 * 64 && levels.allSatisfy { (0...255).contains($0) && $0 == $0.rounded() })
    try Program.succeed(["density", "evaluate", "run", "--data", "s.csv"], in: directory.url)
    let halves = rows.map { $0.split(separator: ",").map { _ in "0.5" }.joined(separator: ",") }
    try Data(halves.joined(separator: "\n").utf8).write(to: directory.file("half.csv"))
    try Program.fail(
      65, ["density", "evaluate", "run", "--data", "half.csv"], naming: ["half.csv", "level of grey"],
      in: directory.url)
    // All pictures of another folder count, be they ever so few.
    try FileManager.default.createDirectory(at: directory.file("few"), withIntermediateDirectories: true)
    for number in 0..<4 {
      try FileManager.default.copyItem(
        at: directory.file("pictures/\(number).png"), to: directory.file("few/\(number).png"))
    }
    let few = try Program.succeed(["density", "evaluate", "run", "--data", "few"], in: directory.url)
    #expect(few.standardOutput.contains("4 samples"))
    try Program.succeed(["density", "train", "--resume", "run", "--steps", "8"], in: directory.url)
  }

  private func tensors(_ run: String) throws -> [String: [UInt8]] {
    try SafetensorsFile(directory.file("\(run)/last.safetensors.zst")).load().mapValues(\.bytes)
  }

  @Test func aRunIsTrainedEvaluatedSampledComparedAndReported() throws {
    let trained = try Program.succeed(train("run"), in: directory.url)
    #expect(trained.standardError.contains("done after 6 steps"))
    #expect(trained.standardError.contains("ffjord-vae density evaluate run"))
    #expect(
      Set(try directory.names("run")).isSuperset(of: [
        "best.safetensors.zst", "config.json", "last.safetensors.zst", "metrics.jsonl", "train", "validation",
      ]))
    let evaluated = try Program.succeed(["density", "evaluate", "run", "--json"], in: directory.url)
    let record = try JSONDecoder().decode(DensityEvaluationRecord.self, from: Data(evaluated.standardOutput.utf8))
    #expect(record.samples == 10_000 && record.split == "test" && record.standardError ?? 0 > 0)
    let compared = try Program.succeed(["compare", "run", "--curves", "curves.svg"], in: directory.url)
    #expect(compared.standardOutput.contains("moons [nats]"))
    #expect(compared.standardOutput.contains(String(format: "%.2f", record.negativeLogLikelihood)))
    #expect(try String(contentsOf: directory.file("curves.svg"), encoding: .utf8).contains("-log p(x)"))
    try Program.succeed(["report", "run", "--output", "report.html"], in: directory.url)
    let report = try String(contentsOf: directory.file("report.html"), encoding: .utf8)
    #expect(report.contains("A density model, ffjord, 1 block of 8"))
    try Program.succeed(["density", "sample", "run", "--count", "5", "--output", "a.csv"], in: directory.url)
    try Program.succeed(["density", "sample", "run", "--count", "7", "--output", "b.csv"], in: directory.url)
    let (five, seven) = try (
      String(contentsOf: directory.file("a.csv"), encoding: .utf8),
      String(contentsOf: directory.file("b.csv"), encoding: .utf8)
    )
    #expect(five.split(separator: "\n").count == 6 && five.hasPrefix("x0,x1\n"))
    // The same noise; solves of another batch may differ in the last digits.
    #expect(seven.split(separator: "\n").count == 8)
    // And back: samples are data of the model's dimensions.
    try Program.succeed(["density", "evaluate", "run", "--data", "b.csv"], in: directory.url)
  }

  @Test func anInterruptedRunGoesOnToTheSameBits() throws {
    try Program.succeed(train("whole"), in: directory.url)
    try Program.succeed(train("part", "--steps", "4"), in: directory.url)
    try Program.succeed(["density", "train", "--resume", "part", "--steps", "6"], in: directory.url)
    // Step 4 was the last of the first part, and validated there.
    #expect(try tensors("part") == tensors("whole"))
    try Program.fail(
      64, ["density", "train", "--resume", "part", "--learning-rate", "1"], naming: ["--learning-rate"],
      in: directory.url)
  }

  @Test func aRunThatIsThereIsNotReplacedUnasked() throws {
    try Program.succeed(train("run"), in: directory.url)
    let before = try tensors("run")
    try Program.fail(64, train("run"), naming: ["run", "--overwrite"], in: directory.url)
    #expect(try tensors("run") == before)
    try Program.succeed(train("run", "--overwrite", "--seed", "2"), in: directory.url)
    #expect(try tensors("run") != before)
  }

  @Test(arguments: ["real-nvp", "glow", "nice", "made", "maf", "dsf", "ddsf", "tan", "real-nvp+ffjord"])
  func everyFlowTrainsAndSamples(_ flow: String) throws {
    try Program.succeed(train("run", "--flow", flow, "--blocks", flow == "tan" ? "1" : "2"), in: directory.url)
    try Program.succeed(["density", "evaluate", "run", "--limit", "100"], in: directory.url)
    try Program.succeed(["density", "sample", "run", "--count", "4", "--output", "a.npy"], in: directory.url)
  }

  @Test func damagedTablesAreRefusedWithFileAndPlace() throws {
    func refused(_ name: String, _ text: String, _ words: [String], _ code: Int32 = 65) throws {
      try Data(text.utf8).write(to: directory.file(name))
      try Program.fail(
        code, ["density", "train", "--data", name, "--output", "run", "--steps", "2"], naming: [name] + words,
        in: directory.url)
      #expect(!FileManager.default.fileExists(atPath: directory.file("run").path))
    }
    let rows = (0..<20).map { "\($0),\($0 * $0 % 7)" }
    try refused("nan.csv", (rows + ["nan,1"]).joined(separator: "\n"), ["line 21", "column 1"])
    try refused("text.csv", (["a,b"] + rows + ["red,1"]).joined(separator: "\n"), ["line 22", "column 'a'", "'red'"])
    try refused("ragged.csv", (rows + ["1,2,3"]).joined(separator: "\n"), ["line 21", "3 columns"])
    try refused("one.csv", "1,2\n", ["1 row"])
    try refused("constant.csv", (0..<20).map { "\($0),3" }.joined(separator: "\n"), ["column 2", "one number"])
    try refused("empty.csv", "", ["empty"])
    try refused("cut.npy", "\u{93}NUMPY", ["cut.npy"])
    try Program.fail(
      66, ["density", "train", "--data", "missing.csv", "--output", "run"], naming: ["missing.csv"], in: directory.url)
    try Program.fail(64, ["density", "train"], naming: ["--data"], in: directory.url)
    try Program.fail(
      64, ["density", "train", "--data", "moons", "--flow", "nvp"], naming: ["--flow"], in: directory.url)
  }

  @Test func aTableIsStandardisedAndSampledInItsOwnUnits() throws {
    var text = "height,weight\n"
    for i in 0..<200 {
      let (x, y) = (Double(i * 37 % 101) / 101, Double(i * 53 % 97) / 97)
      text += "\(1000 + 20 * x),\(5 + 0.01 * y)\n"
    }
    try Data(text.utf8).write(to: directory.file("table.csv"))
    try Program.succeed(
      [
        "density", "train", "--data", "table.csv", "--flow", "real-nvp", "--steps", "5", "--validate-every", "5",
        "--output", "run",
      ], in: directory.url)
    try Program.succeed(["density", "sample", "run", "--count", "50", "--output", "samples.csv"], in: directory.url)
    let lines = try String(contentsOf: directory.file("samples.csv"), encoding: .utf8).split(separator: "\n")
      .dropFirst()
    let columns = lines.map { $0.split(separator: ",").compactMap { Double($0) } }
    let means = (0..<2).map { k in columns.reduce(0) { $0 + $1[k] } / 50 }
    #expect(abs(means[0] - 1010) < 10 && abs(means[1] - 5.005) < 0.01)
  }

  @Test func anAutoencoderAndADensityModelAreNotTakenForEachOther() throws {
    let autoencoder = try TinyRun.shared.get()
    try Program.fail(65, ["density", "evaluate", autoencoder.path], naming: ["autoencoder"], in: directory.url)
    try Program.succeed(train("run"), in: directory.url)
    try Program.fail(65, ["evaluate", "run"], naming: ["density model"], in: directory.url)
    let both = try Program.succeed(["compare", "run", autoencoder.path], in: directory.url)
    #expect(both.standardOutput.contains("posterior") && both.standardOutput.contains("density model"))
  }
}
