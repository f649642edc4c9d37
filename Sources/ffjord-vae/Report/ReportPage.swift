import Files
import Markup

/// The page of a report: of several runs first a comparison, then each run on its own, those of density models last.
struct ReportPage {
  private let runs: [ReportedRun]
  private let densities: [ReportedDensity]

  init(_ runs: [ReportedRun], _ densities: [ReportedDensity] = []) { (self.runs, self.densities) = (runs, densities) }

  var page: HTMLPage {
    let names = runs.map(\.name) + densities.map(\.name)
    let title = names.count == 1 ? names[0] : "\(names.count) runs"
    let comparison = runs.count > 1 ? [MarkupElement("h2", text: title)] + ReportComparison(runs).sections : []
    let reports = runs.enumerated().map { index, run in
      MarkupElement(
        "article", [("id", Self.identifier(index))],
        [MarkupElement("h2", text: run.name)] + Self.sections(of: run, identifier: Self.identifier(index)))
    }
    let densityReports = densities.enumerated().map { index, run in
      let identifier = Self.identifier(runs.count + index)
      return MarkupElement(
        "article", [("id", identifier)],
        [
          MarkupElement("h2", text: run.name),
          MarkupElement("p", [("class", "introduction")], text: run.introduction),
        ] + run.sections(identifier: identifier))
    }
    return HTMLPage(
      title: "ffjord-vae: \(title)", style: ReportStyle.sheet,
      body: [
        MarkupElement("header", [], [MarkupElement("h1", text: "ffjord-vae report")]),
        MarkupElement("main", [], comparison + reports + densityReports),
        MarkupElement("footer", [], [Self.glossary]),
      ])
  }

  /// The identifier of a run on the page.
  static func identifier(_ index: Int) -> String { "run-\(index + 1)" }

  private static func sections(of run: ReportedRun, identifier: String) -> [MarkupElement] {
    let introduction = MarkupElement("p", [("class", "introduction")], text: ReportResults.introduction(run))
    let remarks = run.notes.map { MarkupElement("p", [("class", "remark"), ("role", "note")], text: $0.visible()) }
    return [introduction] + remarks + ReportResults(run).sections
      + ReportCurves(run, identifier: identifier).sections
      + ReportPictures(run, identifier: identifier).sections + ReportConfiguration(run).sections
  }

  /// A section under its heading.
  static func section(_ heading: String, _ contents: [MarkupElement]) -> MarkupElement {
    MarkupElement("section", [], [MarkupElement("h3", text: heading)] + contents)
  }

  /// A paragraph.
  static func paragraph(_ text: String) -> MarkupElement { MarkupElement("p", text: text) }

  private static let glossary = MarkupElement(
    "section", [],
    [
      MarkupElement("h3", text: "Terms"),
      MarkupElement(
        "dl", [],
        [
          (
            "negative ELBO",
            "The negative evidence lower bound, reconstruction plus KL: an upper bound on -log p(x). Lower is better."
          ),
          ("reconstruction", "-log p(x given zT): how badly the decoder predicts the pixels from the latent code."),
          ("KL", "log q(zT given x) - log p(zT): how much more the code says than the prior."),
          ("nats, bits per dimension", "Units of information of an image; of a pixel. One bit is 0.693 nats."),
          (
            "evaluations", "How often a solve computes the velocity of the flow: its cost."
          ),
        ].flatMap { [MarkupElement("dt", text: $0.0), MarkupElement("dd", text: $0.1)] }),
    ])
}
