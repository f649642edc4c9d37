import DensityEstimation
import DifferentialEquations
import Foundation
import Runs

/// A checkpoint of a density model as `inspect` describes it.
struct InspectedDensity {
  private let summary: DensityCheckpoint.Summary
  private var configuration: DensityConfiguration { summary.configuration }
  private var path: String { summary.url.relativePath }

  init(_ summary: DensityCheckpoint.Summary) { self.summary = summary }

  /// What `--json` prints.
  var report: CheckpointReport<DensityConfiguration, DensityProgress> {
    CheckpointReport(
      path: path, bytes: summary.fileByteCount, parameters: summary.parameterCount, configuration: configuration,
      progress: summary.progress, run: summary.run, tensors: summary.entries.map(ReportedTensor.init))
  }

  /// The description for people, a line for each aspect.
  var text: String {
    let progress = summary.progress
    var lines = [
      "\(path)  \((Double(summary.fileByteCount) / 1e6).fixed(1)) MB",
      "trained on    \(configuration.dataset.visible()), seed \(configuration.seed)",
      "progress      step \(progress.step), \(Terminal.count(progress.epoch, "validation")), "
        + Terminal.duration(progress.totalSeconds),
      "data          \(data)",
      "flow          \(([configuration.modelSummary] + flowDetails).joined(separator: ", "))",
    ]
    if configuration.isContinuous { lines.append("solver        \(solver)") }
    lines.append("run           \(summary.run ?? "-")")
    lines.append("optimizer     \(configuration.optimizerSummary), batch \(configuration.batchSize)")
    if let best = summary.bestFigure, let validation = progress.bestEpoch {
      let unit = configuration.image == nil ? "nats" : "bits/dim"
      lines.append("best          -log p(x) \(best.fixed(3)) \(unit), validation \(validation)")
    }
    lines.append("parameters    \(summary.parameterCount) in \(summary.parameters.count) tensors")
    return (lines + summary.parameters.groupLines(words: 2)).joined(separator: "\n")
  }

  private var data: String {
    configuration.image.map { "images, \($0.height)x\($0.width)" }
      ?? Terminal.count(configuration.dimensions ?? 0, "dimension")
  }

  private var flowDetails: [String] {
    [
      configuration.isContinuous ? configuration.activation.rawValue : nil,
      configuration.isContinuous ? configuration.timeDependence.rawValue : nil,
      configuration.isContinuous
        ? "time \(Setting.number(configuration.timeLength))\(configuration.isTimeTrained ? ", trained" : "")" : nil,
      configuration.hasBatchNormalization ? "batch normalization" : nil,
    ].compactMap { $0 }
  }

  private var solver: String {
    let solver = (try? configuration.solverOptions())?.summary ?? configuration.solver
    return "\(solver), \(configuration.gradient.rawValue) gradient, "
      + "\(configuration.divergence.rawValue) divergence\(configuration.warmStart ? ", warm starts" : "")"
  }
}
