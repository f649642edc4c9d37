import Markup
import Runs
import SVGCharts

/// The training curves of a run: the bound, and its two terms, in charts of their own.
struct ReportCurves {
  private let run: ReportedRun
  private let identifier: String

  init(_ run: ReportedRun, identifier: String) { (self.run, self.identifier) = (run, identifier) }

  var sections: [MarkupElement] {
    guard let summary = run.summary else { return [] }
    guard !summary.epochs.isEmpty else {
      return [ReportPage.section("Training", [ReportPage.paragraph("No epoch is finished yet: there are no curves.")])]
    }
    let bound = ComparisonChart([ComparedGroup(ComparedRun(name: run.name, summary: summary))], against: .epochs)
    return [
      ReportPage.section(
        "Training",
        [
          .figure(
            bound.element(identifier: "\(identifier)-bound"),
            caption: "The negative ELBO after each epoch, on the validation images and during training."),
          .figure(
            terms(summary).element(in: .page(identifier: "\(identifier)-terms")),
            caption: "Its two terms. Where the KL falls to zero, the decoder ignores the latent code."),
        ])
    ]
  }

  private func terms(_ summary: RunSummary) -> LineChart {
    func curve(_ name: String, _ term: (MetricsRecord) -> Double) -> LineChart.Curve {
      func points(_ metrics: (RunSummary.Epoch) -> MetricsRecord) -> [LineChart.Point] {
        summary.epochs.map { LineChart.Point(x: Double($0.epoch), y: summary.figure(nats: term(metrics($0)))) }
      }
      return LineChart.Curve(name: name, points: points(\.validation), companion: points(\.training))
    }
    return LineChart(
      title: "\(run.name): reconstruction and KL", xLabel: "epochs", yLabel: summary.unit.rawValue,
      isXCount: true,
      curves: [curve("reconstruction", \.reconstruction), curve("KL", \.kl)],
      notes: ["solid: validation, thin: training"])
  }
}
