import ArgumentParser
import DifferentialEquations
import Files
import Foundation
import ImageDatasets
import Inference
import NormalizingFlows
import Runs
import VariationalAutoencoder

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Evaluates the ELBO of a dataset's images, and a tighter bound from several samples.",
    discussion: """
      Prints the mean over images. With --importance-samples K, it also prints the K-sample bound on -log p(x) of Burda \
      et al. (2016). For a run's folder, the result is kept there for 'compare' and 'report'.

        ffjord-vae evaluate Checkpoints/first
        ffjord-vae evaluate Checkpoints/first --importance-samples 500 --limit 1000
      """)

  @Argument(help: .checkpoint, completion: .checkpoint)
  var checkpoint: String

  @OptionGroup(title: "Model") var parameters: ParameterOptions
  @OptionGroup(title: "Bound") var bound: BoundOptions
  @OptionGroup(title: "Output") var results: ResultOptions
  @OptionGroup(title: "Output") var messages: MessageOptions
  @OptionGroup var input: ImageOptions
  @OptionGroup(title: "Data") var extent: LimitOptions
  @OptionGroup(title: "Machine") var compute: ComputeOptions

  /// How the bound is estimated.
  struct BoundOptions: ParsableArguments {
    @OptionGroup var estimate: DivergenceOptions

    @Option(help: ArgumentHelp("Posterior samples per image", .count))
    var importanceSamples = 1

    @Option(help: ArgumentHelp("Tolerance of adaptive steps (default: the run's)", .number))
    var tolerance: Double?

    @Option(help: ArgumentHelp("Images per batch", .count))
    var batchSize = 100

    @OptionGroup var random: SeedOptions

    func validate() throws {
      try check("--importance-samples", importanceSamples, in: 1...)
      try check("--batch-size", batchSize, in: 1...100_000)
      if let tolerance, !(tolerance > 0 && tolerance < 1) {
        throw ValidationError("--tolerance", mustBe: "between 0 and 1", got: Setting.number(tolerance))
      }
    }
  }

  private var json: Bool { results.json }
  private var importanceSamples: Int { bound.importanceSamples }
  private var batchSize: Int { bound.batchSize }

  func run() throws {
    try Failure.reporting {
      messages.apply()
      compute.apply()
      let trained = try readModel(checkpoint, parameters: parameters.choice, memory: input.memory)
      let (state, url) = (trained.state, trained.url)
      let chosen = try input.images(for: state, seed: bound.random.seed, limit: extent.limit)
      let images = chosen.images
      if !json { Terminal.logger.info("\(url.relativePath), step \(state.progress.step)") }
      try checkTolerance(for: trained)
      let evaluator = trained.evaluator(
        divergence: bound.estimate.divergence, seed: bound.random.seed, batchSize: batchSize, tolerance: bound.tolerance
      )
      try MemoryEstimate.evaluating(trained.model.configuration, batchSize: min(batchSize, images.count))
        .require(for: "an evaluation")
      warnOfProbes(evaluator, trained)
      try announce(evaluator, images)
      let progress = PassProgress("evaluating")
      let start = ContinuousClock.now
      let result = try evaluator.evaluate(images, samples: importanceSamples) { progress.report($0, of: $1) }
      var record = EvaluationRecord(
        result, by: evaluator, samples: importanceSamples, dataset: chosen.dataset, split: input.split.rawValue,
        imagesInSplit: chosen.total, seconds: (ContinuousClock.now - start) / .seconds(1), checkpoint: url,
        progress: state.progress)
      record.tolerance = bound.tolerance
      try print(record)
      try keep(record)
    }
  }

  /// Checks that the model solves to a tolerance, if one was asked for.
  private func checkTolerance(for trained: TrainedModel) throws {
    guard bound.tolerance != nil else { return }
    let (model, solver) = (trained.model.configuration, trained.configuration.solver)
    guard model.posterior.isSolved, ButcherTableau.named(solver)?.isAdaptive == true else {
      let kind = model.posterior.isSolved ? "--solver \(solver)" : "--flow \(model.flow.rawValue)"
      throw ValidationError("--tolerance is for models with an adaptive solver, got one of \(kind)")
    }
  }

  /// Says that random probes give no K-sample bound: their noise is inside of its exponential.
  private func warnOfProbes(_ evaluator: Evaluator, _ trained: TrainedModel) {
    guard importanceSamples > 1, evaluator.divergence != .exact, trained.model.configuration.posterior.isSolved else {
      return
    }
    Terminal.logger.warning(
      """
      with --divergence \(evaluator.divergence.rawValue), the estimate from \(importanceSamples) samples is no bound on \
      -log p(x): it may be lower. Use --divergence exact for one.
      """)
  }

  /// Adds the record to those of the run, where a run was named; the figures are printed, so that this may fail.
  private func keep(_ record: EvaluationRecord) throws {
    guard FileManager.default.isDirectory(atPath: checkpoint) == true else { return }
    try Self.keeping { try RunDirectory(checkpoint).append(record) }
  }

  /// Adds a record to a run; says so where it cannot be written.
  static func keeping(_ append: () throws -> Void) throws {
    do { try append() } catch RunError.unwritable(let path, let reason) {
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
      Terminal.print(try report.resultJSON(isIndented: false))
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
    if let tolerance = report.tolerance { lines.append("tolerance       \(Setting.number(tolerance))") }
    lines.append("evaluations     \(report.evaluations.fixed(1)) per batch")
    lines.append("time            \(Terminal.duration(report.seconds))")
    Terminal.print(lines.joined(separator: "\n"))
  }
}
