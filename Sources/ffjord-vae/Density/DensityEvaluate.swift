import ArgumentParser
import DensityEstimation
import Files
import Foundation
import ImageDatasets
import NormalizingFlows
import Runs
import Tensors

struct DensityEvaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Evaluates the log-likelihood of samples under a density model.",
    discussion: """
      Prints the mean of -log p(x) over samples, in nats, and for images in bits per dimension. For a run's folder, the \
      result is kept there for 'compare' and 'report'.

        ffjord-vae density evaluate Checkpoints/pinwheel
        ffjord-vae density evaluate Checkpoints/table --data others.npy
      """)

  @Argument(help: "Checkpoint, or folder of a run (its best)", completion: .checkpoint)
  var checkpoint: String

  @OptionGroup(title: "Data") var source: DensityDataOptions

  @OptionGroup(title: "Data") var part: PartOptions
  @OptionGroup(title: "Likelihood") var estimate: DensityEstimateOptions
  @OptionGroup(title: "Output") var results: ResultOptions
  @OptionGroup(title: "Output") var messages: MessageOptions
  @OptionGroup(title: "Machine") var compute: ComputeOptions
  @OptionGroup(title: "Machine") var memory: MemoryOptions

  /// How much of the data is evaluated.
  struct PartOptions: ParsableArguments {
    @Option(help: "Part of the data (default: test)")
    var split: Split?

    @Option(help: ArgumentHelp("Use only the first n samples (default: all)", .count))
    var limit: Int?

    func validate() throws { try check("--limit", limit, in: 1...) }
  }

  private var split: Split { part.split ?? .test }

  enum Split: String, CaseIterable, ExpressibleByArgument {
    case validation, test
  }

  func run() throws {
    try Failure.reporting(isDensity: true) {
      messages.apply()
      compute.apply()
      let (model, state, directory, remarks) = try DensityRun.model(at: checkpoint, memoryLimit: memory.limit)
      Terminal.warn(of: remarks)
      try checkOptions(state.configuration)
      let (rows, isAsTrained) = try rows(for: state)
      let configuration = state.configuration
      var evaluator = DensityEvaluator(model, state)
      estimate.apply(to: &evaluator, configuration)
      try configuration.evaluationMemory(
        evaluator.divergence, batchSize: min(evaluator.batchSize, rows.shape[0])
      ).require(for: "evaluating")
      let progress = PassProgress("evaluating")
      let start = ContinuousClock.now
      let result = try evaluator.evaluate(rows) { progress.report($0, of: rows.shape[0]) }
      let record = DensityEvaluationRecord(
        result, dataset: source.data.map { DensityDataset.lastingName(for: $0) } ?? configuration.dataset,
        split: source.data == nil ? split.rawValue : nil,
        divergence: configuration.isContinuous ? evaluator.divergence.rawValue : nil, step: state.progress.step,
        seconds: (ContinuousClock.now - start) / .seconds(1))
      try print(record)
      // The figures are printed, so that this may fail.
      if let directory, part.limit == nil, isAsTrained {
        try Evaluate.keeping { try record.keep(in: directory) }
      }
    }
  }

  /// Refuses options that would have no effect.
  private func checkOptions(_ configuration: DensityConfiguration) throws {
    if source.data != nil, part.split != nil {
      throw ValidationError("--split is a part of the run's own data: leave out --split or --data")
    }
    if estimate.divergence != nil, !configuration.isContinuous {
      throw ValidationError("--divergence is for ffjord, and the model is \(configuration.modelSummary)")
    }
  }

  /// The samples, as the model takes them, and whether they can be set beside those that it was trained on.
  private func rows(for state: DensityState) throws -> (rows: Tensor, isAsTrained: Bool) {
    let configuration = state.configuration
    let locator = DatasetLocator(dataDirectory: source.dataDir, recorded: configuration.dataDirectory)
    let rows: Tensor
    var isAsTrained = true
    if let name = source.data {
      let given = try DensityDataset.rows(
        of: DensityDataset.lastingName(for: name), for: state, locator: locator, memoryLimit: memory.limit)
      Terminal.warn(of: given.remarks)
      rows = given.rows
    } else {
      let data = try DensityDataset.load(for: state, locator: locator, memoryLimit: memory.limit)
      Terminal.warn(of: data.remarks)
      if let digest = configuration.dataDigest, digest != data.digest {
        isAsTrained = false
        Terminal.logger.warning(
          "\(configuration.dataset.visible()) has other data than the run began with: the result is not kept")
      }
      rows = split == .test ? data.test : data.validation
    }
    let count = min(part.limit ?? rows.shape[0], rows.shape[0])
    return (rows.sliced(axis: 0, start: 0, length: count), isAsTrained)
  }

  private func print(_ record: DensityEvaluationRecord) throws {
    if results.json {
      Terminal.print(try record.resultJSON(isIndented: false))
      return
    }
    var lines = [
      "\(record.dataset)\(record.split.map { ", \($0)" } ?? ""): \(Terminal.count(record.samples, "sample"))"
        + (record.divergence.map { ", \($0) divergence" } ?? ""),
      "-log p(x)    \(record.negativeLogLikelihood.fixed(4)) nats"
        + (record.standardError.map { " (standard error \($0.fixed(4)))" } ?? ""),
    ]
    if let bits = record.bitsPerDimension { lines.append("             \(bits.fixed(4)) bits/dim") }
    if record.divergence != nil { lines.append("evaluations  \(record.evaluations.fixed(1)) per batch") }
    lines.append("time         \(Terminal.duration(record.seconds))")
    Terminal.print(lines.joined(separator: "\n"))
  }
}

/// How log-densities are found.
struct DensityEstimateOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Divergence (default: exact up to 64 dimensions)", valueName: "kind"))
  var divergence: Divergence?

  @Option(help: ArgumentHelp("Samples per batch (default: at most 500)", .count))
  var batchSize: Int?

  @OptionGroup var random: SeedOptions

  func validate() throws { try check("--batch-size", batchSize, in: 1...1_000_000) }

  func apply(to evaluator: inout DensityEvaluator, _ configuration: DensityConfiguration) {
    let divergence = divergence ?? configuration.evaluationDivergence
    evaluator.divergence = divergence
    evaluator.batchSize = batchSize ?? configuration.evaluationBatchSize(divergence)
    evaluator.seed = random.seed
  }
}
