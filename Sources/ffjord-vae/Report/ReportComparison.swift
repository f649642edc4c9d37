import Files
import Markup
import Runs

/// Several runs beside each other: for each dataset a table and, of the same unit, a chart.
struct ReportComparison {
  private let runs: [ReportedRun]

  init(_ runs: [ReportedRun]) { self.runs = runs }

  var sections: [MarkupElement] {
    var kinds: [String] = []
    for run in runs where !kinds.contains(Self.kind(run)) { kinds.append(Self.kind(run)) }
    let links = runs.enumerated().map { index, run in
      MarkupElement("li", [], [MarkupElement("a", [("href", "#\(ReportPage.identifier(index))")], text: run.name)])
    }
    return [MarkupElement("nav", [("aria-label", "Runs")], [MarkupElement("ul", [], links)])]
      + kinds.enumerated().map { section($1, runs.filter { [kind = $1] in Self.kind($0) == kind }, number: $0) }
  }

  /// Runs of one kind are compared: those on one dataset, in one unit.
  private static func kind(_ run: ReportedRun) -> String {
    "\(run.configuration.dataset.visible()) [\(run.configuration.model.likelihood.likelihood.unit.rawValue)]"
  }

  private func section(_ kind: String, _ runs: [ReportedRun], number: Int) -> MarkupElement {
    var contents = [
      MarkupElement.table(
        caption: "Negative ELBO. Lower is better.",
        header: ["run", "posterior", "parameters", "epochs", "validation", "test", "standard error", "paper"],
        rows: runs.map(row))
    ]
    // The chart of a single run is among its own sections.
    let compared =
      runs.count == 1
      ? [] : runs.compactMap { run in run.summary.map { ComparedGroup(ComparedRun(name: run.name, summary: $0)) } }
    let chart = ComparisonChart(compared, against: .epochs)
    if !chart.isEmpty {
      contents.append(
        .figure(
          chart.element(identifier: "comparison-\(number + 1)"), caption: "The negative ELBO after each epoch."))
    }
    return ReportPage.section(kind, contents)
  }

  private func row(_ run: ReportedRun) -> [String] {
    let configuration = run.configuration
    func figure(_ nats: Double?) -> String {
      nats.map { nats in configuration.model.bitsPerDimension(nats: nats).map { $0.fixed(3) } ?? nats.fixed(2) } ?? ""
    }
    let test = run.summary?.testEvaluation
    let published = configuration.model.posterior.publishedMethod.flatMap {
      PublishedResults.negativeELBO($0, on: configuration.dataset)
    }
    return [
      run.name, configuration.model.posteriorSummary, run.parameterCount.map(ReportResults.grouped) ?? "",
      String(run.summary?.epochCount ?? run.progress?.epoch ?? 0),
      figure(run.summary?.best?.negativeELBO ?? run.progress?.bestNegativeELBO), figure(test?.negativeELBO),
      figure(test?.standardError), published?.fixed(2) ?? "",
    ]
  }
}
