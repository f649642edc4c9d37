import ArgumentParser
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
      """)

  @Argument(help: .checkpoint, completion: .checkpoint)
  var checkpoint: String

  @OptionGroup(title: "Output") var results: ResultOptions
  @OptionGroup(title: "Machine") var memory: MemoryOptions

  private struct Report: Encodable {
    struct Entry: Encodable {
      let name: String
      let shape: [Int]
    }
    let path: String
    let bytes: Int
    let parameters: Int
    let configuration: TrainingConfiguration
    let progress: TrainingProgress
    let run: String?
    let tensors: [Entry]
  }

  func run() throws {
    try Failure.reporting {
      let (summary, remarks) = try Checkpoint.summary(at: checkpoint, memoryLimit: memory.limit)
      for remark in remarks { Terminal.logger.warning("\(remark)") }
      let count = summary.parameterCount
      let path = summary.url.relativePath
      if results.json {
        let report = Report(
          path: path, bytes: summary.fileByteCount, parameters: count, configuration: summary.configuration,
          progress: summary.progress, run: summary.run,
          tensors: summary.entries.map { Report.Entry(name: $0.name, shape: $0.shape) })
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
        "solver        \(configuration.solver), tolerance \(Setting.number(configuration.tolerance)), \(configuration.gradient.rawValue) "
          + "gradient, \(configuration.divergence.rawValue) divergence\(configuration.warmStart ? ", warm starts" : "")"
      )
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
    let groups = Dictionary(grouping: summary.parameters) { entry in
      (entry.name.split(separator: ".").first ?? entry.name[...]).visible()
    }
    for (group, entries) in groups.sorted(by: { $0.key < $1.key }) {
      let numbers = entries.reduce(0) { $0 + $1.elementCount }
      lines.append(
        "  \(group.padding(toLength: 12, withPad: " ", startingAt: 0))\(numbers) in \(entries.count)")
    }
    return lines.joined(separator: "\n")
  }
}
