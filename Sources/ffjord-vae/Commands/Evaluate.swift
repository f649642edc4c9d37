import ArgumentParser
import Files
import Foundation
import ImageDatasets
import Inference
import NormalizingFlows
import Runs

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

  @OptionGroup var parameters: ParameterOptions

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

  func run() throws {
    try Failure.reporting {
      compute.apply()
      let trained = try readModel(checkpoint, parameters: parameters.choice, memory: input.memory)
      let (state, url) = (trained.state, trained.url)
      let chosen = try input.images(for: state, seed: seed, limit: limit)
      let images = chosen.images
      if !json { Terminal.logger.info("\(url.relativePath), step \(state.progress.step)") }
      let evaluator = trained.evaluator(divergence: divergence, seed: seed, batchSize: batchSize)
      try MemoryEstimate.evaluating(trained.model.configuration, batchSize: min(batchSize, images.count))
        .require(for: "an evaluation")
      try announce(evaluator, images)
      let progress = PassProgress("evaluating")
      let start = ContinuousClock.now
      let result = try evaluator.evaluate(images, samples: importanceSamples) { progress.report($0, of: $1) }
      let record = EvaluationRecord(
        result, by: evaluator, samples: importanceSamples, dataset: chosen.dataset, split: input.split.rawValue,
        imagesInSplit: chosen.total, seconds: (ContinuousClock.now - start) / .seconds(1), checkpoint: url,
        progress: state.progress)
      try print(record)
      try keep(record)
    }
  }

  /// Adds the record to those of the run, where a run was named; the figures are printed, so that this may fail.
  private func keep(_ record: EvaluationRecord) throws {
    guard FileManager.default.isDirectory(atPath: checkpoint) == true else { return }
    do {
      try RunDirectory(checkpoint).append(record)
    } catch let error as RunError {
      guard case .unwritable(let path, let reason) = error else { throw error }
      Terminal.logger.warning("the evaluation is not kept for 'compare': cannot write \(path): \(reason)")
    }
  }

  /// Says how long a long evaluation is going to take, before it begins.
  private func announce(_ evaluator: Evaluator, _ images: GreyImages) throws {
    let passes = evaluator.passes(of: images, samples: importanceSamples)
    guard passes >= Self.longEvaluation else { return }
    let seconds = try evaluator.estimatedSeconds(of: images, samples: importanceSamples)
    Terminal.logger.info(
      """
      \(images.count) images, \(Terminal.count(importanceSamples, "sample")) each, in \(passes) passes: \
      about \(Terminal.duration(seconds))
      """)
  }

  /// As many passes make it worth another two to know the time.
  private static let longEvaluation = 20

  private func print(_ report: EvaluationRecord) throws {
    if json {
      Terminal.print(try report.json())
      return
    }
    var lines = [
      "\(report.dataset), \(report.split): \(report.images) images, \(report.divergence.rawValue) divergence",
      "negative ELBO   \(report.negativeELBO.fixed(3)) nats (standard error \(report.standardError.fixed(3)))",
      "reconstruction  \(report.reconstruction.fixed(3))",
      "KL              \(report.kl.fixed(3))",
    ]
    if let bits = report.bitsPerDimension { lines.insert("                \(bits.fixed(4)) bits/dim", at: 2) }
    if let nll = report.nll, let error = report.nllStandardError {
      lines.append(
        "NLL bound       \(nll.fixed(3)) nats (standard error \(error.fixed(3)); "
          + "\(report.importanceSamples) importance samples)")
    }
    if let energy = report.kineticEnergy { lines.append("kinetic energy  \(energy.fixed(4))") }
    if let norm = report.jacobianNorm { lines.append("Jacobian norm   \(norm.fixed(4)) (squared, integrated)") }
    lines.append("evaluations     \(report.evaluations.fixed(1)) a batch")
    lines.append("time            \(Terminal.duration(report.seconds))")
    Terminal.print(lines.joined(separator: "\n"))
  }
}
