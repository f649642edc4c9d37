import ArgumentParser
import DensityEstimation
import Files
import Foundation
import Runs

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Describes a checkpoint: its run, model and parameters.",
    discussion: """
      Reads only the beginning of the file; 'evaluate' reads and verifies all of it.

        ffjord-vae inspect omniglot
        ffjord-vae inspect Checkpoints/first --json
        ffjord-vae inspect Checkpoints/density-pinwheel-ffjord
      """)

  @Argument(help: .checkpoint, completion: .checkpoint)
  var checkpoint: String

  @OptionGroup(title: "Output") var results: ResultOptions
  @OptionGroup(title: "Machine") var memory: MemoryOptions

  func run() throws {
    try Failure.reporting {
      if DensityRun.isModel(at: checkpoint) {
        let (summary, remarks) = try DensityRun.summary(at: checkpoint, memoryLimit: memory.limit)
        Terminal.warn(of: remarks)
        let density = InspectedDensity(summary)
        print(results.json ? try density.report.resultJSON() : density.text)
        return
      }
      let (summary, remarks) = try Checkpoint.summary(at: checkpoint, memoryLimit: memory.limit)
      Terminal.warn(of: remarks)
      let count = summary.parameterCount
      let path = summary.url.relativePath
      if results.json {
        let report = CheckpointReport(
          path: path, bytes: summary.fileByteCount, parameters: count, configuration: summary.configuration,
          progress: summary.progress, run: summary.run, tensors: summary.entries.map(ReportedTensor.init))
        print(try report.resultJSON())
        return
      }
      print(text(summary, path, count))
    }
  }

  private func text(_ summary: Checkpoint.Summary, _ path: String, _ count: Int) -> String {
    let (configuration, model, progress) = (
      summary.configuration, summary.configuration.model, summary.progress
    )
    var lines = [
      "\(path)  \((Double(summary.fileByteCount) / 1e6).fixed(1)) MB",
      "trained on    \(configuration.dataset.visible()), preset \(configuration.preset.rawValue), seed \(configuration.seed)",
      "progress      step \(progress.step), \(Terminal.count(progress.epoch, "epoch")), "
        + Terminal.duration(progress.totalSeconds),
      "images        \(model.imageHeight)x\(model.imageWidth)",
      "latent        \(model.latent)",
      "flow          " + ([model.posteriorSummary] + model.posterior.details(model)).joined(separator: ", "),
    ]
    if model.posterior.isSolved {
      lines.append(
        "solver        \(configuration.solverSummary), \(configuration.gradient.rawValue) gradient, "
          + "\(configuration.divergence.rawValue) divergence\(configuration.warmStart ? ", warm starts" : "")")
    }
    switch summary.role {
    case .training?: lines.append("run           \(summary.run ?? "-")")
    case .model?: lines.append("run           none: a model alone")
    case nil: break
    }
    lines.append("precision     \(configuration.precision.rawValue)")
    lines.append(
      "optimizer     \(configuration.optimizerSummary), batch \(configuration.batchSize), KL warm-up "
        + "\(configuration.warmup) epochs")
    if let validation = progress.lastValidation {
      lines.append("validation    -ELBO \(validation.negativeELBO.fixed(2)) nats after the last epoch")
    }
    if let best = progress.bestNegativeELBO, let epoch = progress.bestEpoch {
      lines.append("best          -ELBO \(best.fixed(2)) nats, epoch \(epoch)")
    }
    let contents =
      summary.isModelAlone ? ", without the state of a run" : summary.hasAverage ? ", and their average" : ""
    lines.append("parameters    \(count) in \(summary.parameters.count) tensors\(contents)")
    return (lines + summary.parameters.groupLines()).joined(separator: "\n")
  }
}
