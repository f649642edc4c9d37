import FileTestSupport
import Foundation
import Testing

@testable import ffjord_vae

/// What is said of a command line that makes no sense: what was given, what is allowed, and the usage of its command.
@Suite struct UsageErrorTests {
  let directory = try! TemporaryDirectory()

  /// A command line, what is said of it, and the command whose usage is shown.
  struct Example: CustomTestStringConvertible, Sendable {
    let arguments: String
    let message: String
    let command: String

    init(_ arguments: String, _ message: String, _ command: String? = nil) {
      (self.arguments, self.message) = (arguments, message)
      self.command = command ?? String(arguments.prefix { $0 != " " })
    }

    var testDescription: String { arguments }
  }

  static let examples = [
    // Checked by the command line, by the libraries, and by the parser: all in one style.
    Example("evaluate run --batch-size 0", "--batch-size must be 1…100000, got 0"),
    Example("train --batch-size 0", "--batch-size must be 1…100000, got 0"),
    Example("train --epochs 0", "--epochs must be at least 1, got 0"),
    Example("train --limit-eval 0", "--limit-eval must be at least 1, got 0"),
    Example("train --learning-rate=-1", "--learning-rate must be positive, got -1"),
    Example("train --tolerance 1", "--tolerance must be between 0 and 1, got 1"),
    Example("train --latent 5000", "--latent must be 1…4096, got 5000"),
    Example("train --rank 257", "--rank must be 1…256, got 257"),
    Example("train --kinetic-energy=-1", "--kinetic-energy must be at least 0, got -1"),
    Example(
      "train --flow iaf --masked-width 100",
      "--masked-width must be a multiple or a divisor of the number of "
        + "latent dimensions, 64, got 100"),
    Example(
      "train --amortization hyper --layer-type squash",
      "--layer-type must be concat with the amortization hyper, "
        + "which has no shared layers, got squash"),
    Example(
      "train --solver dopri6",
      "--solver must be one of euler, midpoint, heun, rk4, bosh3, dopri5, tsit5, got "
        + "dopri6. Did you mean 'dopri5'?"),
    Example(
      "train --activation cosine",
      "--activation must be one of softplus, tanh, elu, swish, square, relu, got "
        + "cosine"),
    Example("train --epochs many", "--epochs must be a whole number, got many"),
    Example("train --learning-rate high", "--learning-rate must be a number, got high"),
    Example("train --average much", "--average must be a number or none, got much"),
    Example("train --resize big", "--resize must be a height and a width such as 28x28, got big"),
    Example("train --resize 4x4", "--resize: sides must be 8…512, got 4x4"),
    Example("train --hidden 8-", "--hidden must be widths such as 512-512, got 8-"),
    Example("train --memory-limit 0", "--memory-limit must be above 0, up to 1000000 GB, got 0"),
    Example("train --optimizer adan", "--optimizer must be one of adamax, adam, got adan. Did you mean 'adam'?"),
    Example(
      "train --flow planer",
      "--flow must be one of none, planar, iaf, sylvester-orthogonal, "
        + "sylvester-householder, sylvester-triangular, ffjord, got planer. Did you mean 'planar'?"),
    Example("train --rank 3 --flow planar", "--rank is for --flow ffjord, got --flow planar"),
    Example("train --solver rk4 --flow none", "--solver is for --flow ffjord, got --flow none"),
    Example(
      "train --solver rk4 --controller pi",
      "--controller is for solvers that choose their steps, and those of rk4 are fixed"),
    Example(
      "encode run --output codes.txt",
      "--output must be a name that ends in .safetensors, .npy or .csv, got "
        + "codes.txt"),
    Example("sample run --output s.png --count 0", "--count must be 1…10000, got 0"),
    Example("train --threads 0", "--threads must be 1…1024, got 0"),
    Example("score run --output s.csv --limit 0", "--limit must be at least 1, got 0"),
    // Missing words.
    Example("evaluate", "<checkpoint> is missing: Checkpoint, folder of a run (its best), or a model"),
    Example("sample run", "--output <file> is missing: PNG to write"),
    Example("train --epochs", "--epochs needs a value: Passes through the training images (default: 2000)"),
    Example(
      "train --learning-rate -1",
      "--learning-rate needs a value: Learning rate (default: 0.0005); one that begins "
        + "with a hyphen follows an equals sign, --learning-rate=-1"),
    // Unknown words, and the nearest that are known.
    Example("train --batchsize 3", "there is no option --batchsize. Did you mean --batch-size?"),
    Example("train --batch 3", "there is no option --batch. Did you mean --batch-size?"),
    Example(
      "evaluate run --importance-sample 3",
      "there is no option --importance-sample. Did you mean "
        + "--importance-samples?"),
    Example("train --colour red", "there is no option --colour"),
    Example("inspect run --json yes", "unexpected argument 'yes'"),
    Example("benchmark --stepz 3", "there is no option --stepz. Did you mean --steps?", "benchmark train"),
    Example("benchmark --steps 0", "--steps must be at least 1, got 0", "benchmark train"),
    Example("datasets fetch", "<name> is missing: Name of the dataset", "datasets fetch"),
    Example("datasets fech mnist", "the command must be one of list, fetch, check, got fech. Did you mean 'fetch'?"),
  ]

  @Test(arguments: examples)
  func `a message has what was given and what is allowed, and the usage of its command`(example: Example) throws {
    let outcome = try Program.fail(64, example.arguments.components(separatedBy: " "), in: directory.url)
    let lines = outcome.messages
    #expect(lines.first == "ffjord-vae: error: \(example.message)", "\(outcome.standardError)")
    #expect(
      lines.count == 3 && lines[1].hasPrefix("Usage: ffjord-vae \(example.command) ")
        && lines[2] == "  See 'ffjord-vae \(example.command) --help' for more information.",
      "\(outcome.standardError)")
    #expect(try directory.names() == [])
  }

  @Test(arguments: [
    ("tran", "train"), ("trian", "train"), ("evaluat", "evaluate"), ("recon", "reconstruct"), ("Train", "train"),
  ])
  func `a wrong command suggests the nearest`(given: String, meant: String) throws {
    for arguments in [[given], ["help", given], [given, "--dataset", "omniglot"], [given, "--help"]] {
      let outcome = try Program.fail(64, arguments, in: directory.url)
      #expect(
        outcome.messages[0].hasPrefix("ffjord-vae: error: the command must be one of train, ")
          && outcome.messages[0].hasSuffix(", got \(given). Did you mean '\(meant)'?"), "\(outcome.standardError)")
      #expect(outcome.messages[1] == "Usage: ffjord-vae <subcommand>")
    }
  }

  @Test func `a dataset's name suggests the nearest`() throws {
    try Program.fail(
      64, ["train", "--dataset", "omniglott"], naming: ["'omniglott'", "Did you mean 'omniglot'?"], in: directory.url)
  }

  @Test func `words are near by their beginning or by few changes`() {
    let words = ["train", "evaluate", "export", "sample", "score"]
    #expect(Suggestion.nearest(to: "eval", in: words) == "evaluate")
    #expect(Suggestion.nearest(to: "smaple", in: words) == "sample")
    #expect(Suggestion.nearest(to: "exprot", in: words) == "export")
    #expect(Suggestion.nearest(to: "frobnicate", in: words) == nil)
    #expect(Suggestion.nearest(to: "", in: words) == nil)
    #expect(Suggestion.nearest(to: "trian", in: words) == "train")
    #expect(Suggestion.distance("kitten", "sitting") == 3)
    #expect(Suggestion.distance("train", "trian") == 1 && Suggestion.distance("ca", "abc") == 3)
    #expect(Suggestion.distance("", "abc") == 3 && Suggestion.distance("abc", "abc") == 0)
  }
}
