import FileTestSupport
import Foundation
import ImageDatasets
import Runs
import Testing

/// What is done with a trained model: `evaluate`, `reconstruct`, `sample`, `inspect`; and `datasets`.
@Suite(.serialized) struct ModelCommandTests {
  let directory = try! TemporaryDirectory()
  let run: String

  init() throws { run = try TinyRun.shared.get().path }

  private func evaluate(_ more: String...) throws -> [String: Any] {
    let outcome = try Program.succeed(
      ["evaluate", run, "--limit", "20", "--json"] + more, in: directory.url)
    #expect(outcome.standardOutput.hasSuffix("}\n"))
    #expect(outcome.standardOutput.filter { $0 == "\n" }.count == 1)
    return try object(outcome.standardOutput)
  }

  static let keys: Set = [
    "dataset", "split", "images", "negative_elbo", "standard_error", "reconstruction", "kl", "divergence",
    "importance_samples", "evaluations", "seconds", "seed", "images_in_split", "checkpoint", "step", "epoch", "date",
  ]

  @Test func `an evaluation may have another tolerance, and says so`() throws {
    let (loose, tight) = (try evaluate("--tolerance", "0.5"), try evaluate("--tolerance", "1e-6"))
    #expect(loose["tolerance"] as? Double == 0.5 && Set(tight.keys) == Self.keys.union(["tolerance"]))
    let evaluations = try [loose, tight].map { try #require($0["evaluations"] as? Double) }
    #expect(evaluations[0] < evaluations[1])
    let bounds = try [loose, tight].map { try #require($0["negative_elbo"] as? Double) }
    #expect(abs(bounds[0] - bounds[1]) < 1)
    try Program.fail(
      64, ["evaluate", "run", "--tolerance", "1"], naming: ["--tolerance must be between 0 and 1, got 1"],
      in: directory.url)
    for (name, options) in [("none", ["--flow", "none"]), ("rk4", ["--solver", "rk4", "--solver-steps", "2"])] {
      try Program.succeed(TinyRun.train(name, options + ["--steps", "1"]), in: directory.url)
      try Program.fail(
        64, ["evaluate", name, "--tolerance", "1e-3"], naming: ["--tolerance is for models", options[1]],
        in: directory.url)
    }
  }

  @Test func `an evaluation is one JSON object`() throws {
    let report = try evaluate()
    #expect(Set(report.keys) == Self.keys)
    #expect(report["dataset"] as? String == "glyphs" && report["split"] as? String == "test")
    #expect(report["images"] as? Int == 20 && report["divergence"] as? String == "exact")
    let elbo = try #require(report["negative_elbo"] as? Double)
    let reconstruction = try #require(report["reconstruction"] as? Double)
    let kl = try #require(report["kl"] as? Double)
    #expect(abs(elbo - reconstruction - kl) < 1e-6 && elbo > 0)
  }

  @Test func `several samples give a bound on the likelihood, too`() throws {
    let report = try evaluate("--importance-samples", "3", "--divergence", "gaussian")
    #expect(Set(report.keys) == Self.keys.union(["nll", "nll_standard_error"]))
    let elbo = try #require(report["negative_elbo"] as? Double)
    let nll = try #require(report["nll"] as? Double)
    #expect(nll <= elbo && nll > 0)
    #expect(report["importance_samples"] as? Int == 3)
  }

  @Test func `with random probes, the estimate of several samples is said to be no bound`() throws {
    let arguments = ["evaluate", run, "--limit", "2", "--importance-samples", "2"]
    let random = try Program.succeed(arguments + ["--divergence", "rademacher"], in: directory.url)
    #expect(random.standardError.contains("with --divergence rademacher, the estimate from 2 samples is no bound"))
    let single = ["evaluate", run, "--limit", "2", "--divergence", "rademacher"]
    for others in [arguments, single] {
      #expect(try !Program.succeed(others, in: directory.url).standardError.contains("no bound"))
    }
  }

  @Test func `figures are functions of the seed, not of the batch size or of chance`() throws {
    func elbo(_ report: [String: Any]) throws -> Double { try #require(report["negative_elbo"] as? Double) }
    let first = try elbo(evaluate())
    #expect(try elbo(evaluate()) == first)
    #expect(try elbo(evaluate("--seed", "2")) != first)
    // The step sizes of the solver are those of the batch: equal to its tolerance, 1e-3 for this run.
    #expect(abs(try elbo(evaluate("--batch-size", "7")) - first) < 1e-3 * first)
  }

  @Test func `the validation split of the training is found again`() throws {
    let progress = try Checkpoint.summary(of: Checkpoint.file(at: run)).progress
    let best = try #require(progress.bestNegativeELBO)
    let report = try evaluate("--split", "validation", "--divergence", "gaussian", "--batch-size", "10")
    let elbo = try #require(report["negative_elbo"] as? Double)
    #expect(abs(elbo - best) < 1e-4 * best)
    #expect(report["split"] as? String == "validation")
  }

  @Test func `an evaluation in words has the same figures`() throws {
    let outcome = try Program.succeed(
      ["evaluate", run, "--limit", "20", "--importance-samples", "2", "--split", "train"], in: directory.url)
    let text = outcome.standardOutput
    for words in [
      "glyphs, train: 20 images, exact divergence", "negative ELBO ", " nats (standard error ",
      "reconstruction ", "KL ", "NLL bound ", "; 2 importance samples)",
    ] {
      #expect(text.contains(words), "\(text)")
    }
    let elbo = try #require(
      evaluate("--importance-samples", "2", "--split", "train")["negative_elbo"] as? Double)
    #expect(text.contains(String(format: "%.3f nats", elbo)))
    #expect(outcome.standardError.contains("best.safetensors.zst, step "))
  }

  @Test func `a long evaluation says how long it is going to take before it begins`() throws {
    let arguments = ["evaluate", run, "--limit", "2", "--importance-samples", "20", "--json"]
    let outcome = try Program.succeed(arguments, in: directory.url)
    #expect(outcome.standardError.contains("2 images, 20 samples each, in 20 passes: about "))
    let report = try object(outcome.standardOutput)
    #expect(try #require(report["nll_standard_error"] as? Double) > 0)
  }

  @Test func `reconstructions are written as a picture`() throws {
    try Program.succeed(
      ["reconstruct", run, "--output", "r.png", "--count", "6", "--split", "validation"], in: directory.url)
    let picture = try PNGImage(contentsOf: directory.file("r.png"))
    #expect(picture.width > 4 * 28 && picture.height > 3 * 28)
    #expect(Set(picture.pixels).count > 2)
    #expect(try directory.names() == ["r.png"])
  }

  @Test func `samples are written as a picture, other ones for other seeds`() throws {
    for (name, seed) in [("a.png", "1"), ("b.png", "2"), ("c.png", "1")] {
      try Program.succeed(
        ["sample", run, "--output", name, "--count", "9", "--seed", seed], in: directory.url)
    }
    let a = try PNGImage(contentsOf: directory.file("a.png"))
    #expect(a.width > 3 * 28 && a.width == a.height)
    #expect(try PNGImage(contentsOf: directory.file("b.png")) != a)
    #expect(try PNGImage(contentsOf: directory.file("c.png")) == a)
  }

  @Test func `an inspection says what a checkpoint holds`() throws {
    let text = try Program.succeed(["inspect", run], in: directory.url).standardOutput
    for words in [
      "best.safetensors.zst", "glyphs, preset small, seed 1", "latent        4", "1 flow of 8, rank 2",
      "dopri5, tolerance 0.001", "Adamax at 0.001, ", "batch 10", "odefuncs", "q_am", "q_z_nn",
    ] {
      #expect(text.contains(words), "no \(words) in: \(text)")
    }
    let report = try object(
      Program.succeed(["inspect", "--json", "\(run)/last.safetensors.zst"], in: directory.url).standardOutput)
    #expect(
      Set(report.keys) == ["path", "bytes", "run", "parameters", "configuration", "progress", "tensors"])
    let tensors = try #require(report["tensors"] as? [[String: Any]])
    let sizes = tensors.filter { ($0["name"] as? String)?.hasPrefix("optimizer.") == false }
      .compactMap { ($0["shape"] as? [Int])?.reduce(1, *) }
    #expect(report["parameters"] as? Int == sizes.reduce(0, +))
    #expect((report["progress"] as? [String: Any])?["step"] as? Int == 8)
    #expect((report["configuration"] as? [String: Any])?["batch_size"] as? Int == 10)
  }

  @Test func `datasets are listed and checked`() throws {
    for arguments in [["datasets"], ["datasets", "list"]] {
      let text = try Program.succeed(arguments, in: directory.url).standardOutput
      let rows: [[String]] = text.components(separatedBy: "\n").prefix(6).map { line in
        line.components(separatedBy: " ").filter { !$0.isEmpty }
      }
      #expect(rows[0] == ["dataset", "train", "validation", "test", "size", "pixels", "files"])
      #expect(rows.dropFirst().map { $0[0] } == DatasetCatalog.names)
      #expect(rows.contains(["omniglot", "23000", "1345", "8070", "28x28", "binary", "not", "here"]))
      #expect(text.components(separatedBy: "\n").prefix(6).allSatisfy { $0.count <= 80 })
      #expect(text.contains("/chardata.mat\n") && text.contains("https://"))
      #expect(text.contains("in one of these folders\n  \(directory.url.path)/Datasets"))
    }
    let text = try Program.succeed(["datasets", "check", "glyphs"], in: directory.url).standardOutput
    #expect(text.contains("train: 12000 images of 28x28") && text.contains("test: 2000 images of 28x28"))
    // Without names, those that are there are checked.
    try Program.succeed(["datasets", "check"], in: directory.url)
    let fetched = try Program.succeed(["datasets", "fetch", "glyphs"], in: directory.url).standardOutput
    #expect(fetched.contains("nothing to fetch"))
  }
}
