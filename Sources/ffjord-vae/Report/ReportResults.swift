import Files
import Foundation
import Inference
import Markup
import Runs
import VariationalAutoencoder

/// The figures of a run, beside the published ones.
struct ReportResults {
  private let run: ReportedRun
  private let configuration: TrainingConfiguration

  init(_ run: ReportedRun) { (self.run, configuration) = (run, run.configuration) }

  var sections: [MarkupElement] {
    var contents = rows.isEmpty ? [] : [table]
    if let published { contents.append(published) }
    if run.summary != nil, run.summary?.testEvaluation == nil {
      contents.append(
        ReportPage.paragraph(
          "No evaluation of the test images is kept yet: 'ffjord-vae evaluate \(Terminal.quoted(run.path).visible())' "
            + "adds it."))
    }
    return contents.isEmpty ? [] : [ReportPage.section("Results", contents)]
  }

  /// What the run is, in a sentence or two.
  static func introduction(_ run: ReportedRun) -> String {
    let (configuration, model) = (run.configuration, run.configuration.model)
    let posterior = model.flow == .none ? "a Gaussian posterior" : "a posterior of \(model.posteriorSummary)"
    let size =
      run.parameterCount.map { " and \(grouped($0)) parameters" } ?? ""
    let epochs = run.summary?.epochCount ?? run.progress?.epoch ?? 0
    return "A variational autoencoder with \(posterior), \(model.latent) latent dimensions\(size), trained on "
      + "\(configuration.dataset.visible()) for \(Terminal.count(epochs, "epoch"))"
      + (run.progress.map { " (\(Terminal.count($0.step, "step")), \(Terminal.duration($0.totalSeconds)))" } ?? "")
      + "."
  }

  /// A count with its thousands apart.
  static func grouped(_ count: Int) -> String { count.formatted(.number.locale(Locale(identifier: "en"))) }

  /// A figure in the unit of the model's kind.
  private func figure(_ nats: Double?) -> String {
    guard let nats else { return "" }
    let isInBits = unit == .bitsPerDimension
    return (configuration.model.bitsPerDimension(nats: nats) ?? nats).fixed(isInBits ? 3 : 2)
  }

  private var unit: LikelihoodUnit { configuration.model.likelihood.likelihood.unit }
  private var unitWords: String { unit == .nats ? "nats per image" : "bits per dimension" }

  private var table: MarkupElement {
    .table(
      caption: "In \(unitWords). Lower is better.",
      header: [
        "measured on", "images", "negative ELBO", "standard error", "reconstruction", "KL", "bound on -log p(x)",
      ], rows: rows)
  }

  private var rows: [[String]] {
    var rows: [[String]] = []
    if let test = run.summary?.testEvaluation {
      rows.append(row("test, epoch \(test.epoch)", test, bound: nil))
    }
    if let likelihood = run.summary?.likelihoodEvaluation {
      rows.append(
        row("test, \(likelihood.importanceSamples) importance samples", likelihood, bound: likelihood.nll))
    }
    if let work = run.model?.work {
      let mean = work.scores.metrics.mean
      rows.append([
        "\(work.split), for this report", count(work.images.images.count, of: work.images.total),
        figure(mean.negativeELBO), figure(work.scores.standardError), figure(mean.reconstruction), figure(mean.kl), "",
      ])
    }
    if let best = run.summary?.best {
      let metrics = run.summary?.epochs.first { $0.epoch == best.epoch }?.validation
      rows.append([
        "validation, best epoch (\(best.epoch))", "", figure(best.negativeELBO), "", figure(metrics?.reconstruction),
        figure(metrics?.kl), "",
      ])
    } else if let bound = run.progress?.bestNegativeELBO, let epoch = run.progress?.bestEpoch {
      rows.append(["validation, best epoch (\(epoch))", "", figure(bound), "", "", "", ""])
    }
    if let last = run.summary?.epochs.last {
      for (split, metrics) in [("validation", last.validation), ("training", last.training)] {
        rows.append([
          "\(split), last epoch (\(last.epoch))", "", figure(metrics.negativeELBO), "", figure(metrics.reconstruction),
          figure(metrics.kl), "",
        ])
      }
    }
    return rows
  }

  private func row(_ title: String, _ record: EvaluationRecord, bound: Double?) -> [String] {
    [
      title, count(record.images, of: record.imagesInSplit), figure(record.negativeELBO), figure(record.standardError),
      figure(record.reconstruction), figure(record.kl), figure(bound),
    ]
  }

  private func count(_ images: Int, of total: Int) -> String { images == total ? "\(total)" : "\(images) of \(total)" }

  /// The best measurement on test images, for the comparison with the paper.
  private var measured: (title: String, figure: String, error: String)? {
    if let test = run.summary?.testEvaluation {
      return (run.name, figure(test.negativeELBO), figure(test.standardError))
    }
    guard let work = run.model?.work, work.split == "test", work.images.dataset == configuration.dataset else {
      return nil
    }
    let (images, total) = (work.images.images.count, work.images.total)
    return (
      images == total ? run.name : "\(run.name), \(images) of \(total) images",
      figure(work.scores.metrics.mean.negativeELBO), figure(work.scores.standardError)
    )
  }

  /// The published table on the run's dataset, with the run in it.
  private var published: MarkupElement? {
    var entries = PublishedResults.Method.allCases.compactMap { method in
      PublishedResults.figure(method, on: configuration.dataset).map {
        (
          title: "\(method.rawValue), published", mean: $0.mean, deviation: $0.deviation.fixed(2),
          what: "deviation over three runs"
        )
      }
    }
    guard !entries.isEmpty else { return nil }
    let own = measured
    if let own, let mean = Double(own.figure) {
      entries.append((own.title, mean, own.error, "standard error over images"))
    }
    entries.sort { $0.mean < $1.mean }
    return .table(
      caption:
        "Negative ELBO of the test images of \(configuration.dataset.visible()), in \(unitWords), beside the paper's.",
      header: ["model", "negative ELBO", "±", "± is the"],
      rows: entries.map {
        [$0.title, $0.title == own?.title ? own?.figure ?? "" : $0.mean.fixed(2), $0.deviation, $0.what]
      },
      isHighlighted: { entries[$0].title == own?.title })
  }
}
