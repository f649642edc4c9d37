import DensityEstimation
import Files
import Markup
import Runs
import SVGCharts

/// A density model's run as a report shows it: results, curves and configuration.
struct ReportedDensity {
  /// The name that tells it from the others.
  let name: String
  private let summary: DensityRunSummary

  /// - Throws: `RunError` where the run's files are damaged.
  init(name: String, _ directory: RunDirectory) throws {
    self.name = name
    summary = try DensityRunSummary(directory)
  }

  /// What the run is, in a sentence.
  var introduction: String {
    let configuration = summary.configuration
    let size = summary.parameterCount.map { ", \(ReportResults.grouped($0)) parameters" } ?? ""
    let steps = summary.epochs.last?.training.step ?? 0
    return "A density model, \(configuration.modelSummary)\(size), trained on \(configuration.dataset.visible()) for "
      + "\(Terminal.count(steps, "step"))."
  }

  /// The sections of its article.
  ///
  /// - Parameter identifier: The identifier of the run on the page.
  func sections(identifier: String) -> [MarkupElement] {
    results + curves(identifier) + configuration
  }

  private var unitWords: String { summary.configuration.image == nil ? "nats" : "bits per dimension" }

  private func figure(_ record: DensityRecord) -> String {
    summary.figure(record).fixed(summary.configuration.image == nil ? 3 : 4)
  }

  private var results: [MarkupElement] {
    var rows: [[String]] = []
    if let test = summary.testEvaluation {
      let value = test.bitsPerDimension ?? test.negativeLogLikelihood
      let error = test.bitsPerDimension == nil ? test.standardError?.fixed(3) ?? "" : ""
      rows.append(["test, step \(test.step)", "\(test.samples)", value.fixed(3), error])
    }
    if let best = summary.best { rows.append(["validation, best (step \(best.step))", "", figure(best), ""]) }
    if let last = summary.epochs.last {
      rows.append(["validation, last (step \(last.validation.step))", "", figure(last.validation), ""])
      rows.append(["training, last (step \(last.training.step))", "", figure(last.training), ""])
    }
    guard !rows.isEmpty else { return [] }
    var contents: [MarkupElement] = [
      .table(
        caption: "In \(unitWords). Lower is better.",
        header: ["measured on", "samples", "-log p(x)", "standard error"], rows: rows)
    ]
    let published = PublishedDensities.on(summary.configuration)
    if !published.isEmpty {
      contents.append(
        .table(
          caption: "Published test figures of models that were trained on all of the data, in \(unitWords).",
          header: ["model", "-log p(x)"], rows: published.map { [$0.method, $0.figure.fixed(2)] }))
    }
    return [ReportPage.section("Results", contents)]
  }

  private func curves(_ identifier: String) -> [MarkupElement] {
    let charts = DensityComparison([ComparedDensityRun(name: name, summary: summary)]).charts(against: .steps)
    guard let chart = charts.first else {
      return [ReportPage.section("Training", [ReportPage.paragraph("Nothing is validated yet: there are no curves.")])]
    }
    return [
      ReportPage.section(
        "Training",
        [
          .figure(
            chart.element(in: .page(identifier: "\(identifier)-likelihood")),
            caption: "-log p(x) at each validation, on the validation samples and during training.")
        ])
    ]
  }

  private var configuration: [MarkupElement] {
    guard let json = try? summary.configuration.json(forPeople: true) else { return [] }
    return [
      ReportPage.section("Configuration", [MarkupElement("pre", text: json.visible(keepingLines: true))])
    ]
  }
}
