import ArgumentParser
import Foundation
import ImageDatasets
import NormalizingFlows
import Training

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Finds the bound (ELBO) of images, and with several samples a tighter one.",
    discussion: """
      Every image counts the same. With --importance-samples K above one, the K-sample importance-weighted bound of Burda \
      et al. (2016) on the negative log-likelihood is found as well.
      """)

  @Argument(help: "A checkpoint file, or the directory of a run (its best checkpoint).")
  var checkpoint: String

  @OptionGroup var input: ImageOptions

  @Option(help: ArgumentHelp("Use only the first images.", valueName: "n"))
  var limit: Int?

  @Option(help: "The divergence: exact, or an estimate with gaussian or rademacher noise.")
  var divergence: Divergence = .exact

  @Option(help: ArgumentHelp("Samples of the posterior for each image.", valueName: "k"))
  var importanceSamples = 1

  @Option(
    help: ArgumentHelp(
      "Images a batch; figures depend on it within the solver's tolerance only.", valueName: "n"))
  var batchSize = 100

  @Option(help: ArgumentHelp("Where the noise begins.", valueName: "n"))
  var seed: UInt64 = 1

  @Flag(help: "Print one JSON object to standard output.")
  var json = false

  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit \(limit): a positive number of images") }
    if importanceSamples < 1 {
      throw ValidationError("--importance-samples \(importanceSamples): a positive number")
    }
    if !(1...100_000).contains(batchSize) {
      throw ValidationError("--batch-size \(batchSize): from 1 to 100000")
    }
  }

  /// What `--json` prints.
  private struct Report: Encodable {
    let dataset: String
    let split: String
    let images: Int
    let negativeELBO: Double
    let standardError: Double
    let reconstruction: Double
    let kl: Double
    let nll: Double?
    let bitsPerDimension: Double?
    let importanceSamples: Int
    let divergence: String
    let evaluations: Double
    let seconds: Double

    enum CodingKeys: String, CodingKey {
      case dataset, split, images, reconstruction, kl, nll, divergence, seconds
      case negativeELBO = "negative_elbo"
      case standardError = "standard_error"
      case importanceSamples = "importance_samples"
      case evaluations = "nfe"
      case bitsPerDimension = "bits_per_dimension"
    }
  }

  func run() throws {
    try Failure.reporting {
      compute.apply()
      let (model, state, url) = try readModel(checkpoint)
      let (name, images) = try input.images(for: state.configuration, seed: seed, limit: limit)
      if !json { Terminal.logger.info("\(url.relativePath), step \(state.progress.step)") }
      let evaluator = Evaluator(
        model: model, parameters: state.parameters, divergence: divergence, seed: seed, batchSize: batchSize)
      let progress = PassProgress("evaluating")
      let start = ContinuousClock.now
      let result = try evaluator.evaluate(images, samples: importanceSamples) { progress.report($0, of: $1) }
      let seconds = (ContinuousClock.now - start).inSeconds
      let n = Double(images.count)
      let mean = result.metrics.mean
      let report = Report(
        dataset: name, split: input.split.rawValue, images: images.count, negativeELBO: mean.negativeELBO,
        standardError: result.standardError, reconstruction: mean.reconstruction, kl: mean.kl,
        nll: importanceSamples > 1 ? -result.importanceBounds.reduce(0, +) / n : nil,
        bitsPerDimension: model.configuration.bitsPerDimension(nats: mean.negativeELBO),
        importanceSamples: importanceSamples, divergence: divergence.rawValue,
        evaluations: mean.evaluationsForward, seconds: seconds)
      try print(report)
    }
  }

  private func print(_ report: Report) throws {
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      Swift.print(String(decoding: try encoder.encode(report), as: UTF8.self))
      return
    }
    var lines = [
      "\(report.dataset), \(report.split): \(report.images) images, \(report.divergence) divergence",
      "negative ELBO   \(report.negativeELBO.fixed(3)) nats (standard error \(report.standardError.fixed(3)))",
      "reconstruction  \(report.reconstruction.fixed(3))",
      "KL              \(report.kl.fixed(3))",
    ]
    if let bits = report.bitsPerDimension { lines.insert("                \(bits.fixed(4)) bits/dim", at: 2) }
    if let nll = report.nll {
      lines.append("NLL bound       \(nll.fixed(3)) (\(report.importanceSamples) importance samples)")
    }
    lines.append("evaluations     \(report.evaluations.fixed(1)) a batch")
    lines.append("time            \(Terminal.duration(report.seconds))")
    Swift.print(lines.joined(separator: "\n"))
  }
}
