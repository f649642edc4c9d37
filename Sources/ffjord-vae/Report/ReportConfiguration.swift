import Files
import Markup
import Runs

/// The configuration of a run: what matters as a table, and all of it as JSON.
struct ReportConfiguration {
  private let run: ReportedRun

  init(_ run: ReportedRun) { self.run = run }

  var sections: [MarkupElement] {
    var contents = [
      MarkupElement("div", [("class", "words")], [.table(caption: "", header: ["what", "setting"], rows: rows)])
    ]
    if let json = try? run.configuration.json(forPeople: true) {
      contents.append(
        MarkupElement(
          "details", [],
          [
            MarkupElement("summary", text: "The whole configuration, for train --config"),
            MarkupElement("pre", text: json.visible(keepingLines: true)),
          ]))
    }
    return [ReportPage.section("Configuration", contents)]
  }

  private var rows: [[String]] {
    let (configuration, model) = (run.configuration, run.configuration.model)
    var rows = [
      ["dataset", configuration.dataset.visible()],
      ["images", "\(model.imageHeight)x\(model.imageWidth), \(model.likelihood.rawValue) likelihood"],
      ["latent dimensions", String(model.latent)],
      ["posterior", ([model.posteriorSummary] + model.posterior.details(model)).joined(separator: ", ")],
    ]
    if model.posterior.isSolved {
      rows += [
        ["solver", configuration.solverSummary],
        ["divergence", configuration.divergence.rawValue],
        ["gradient of a solve", configuration.gradient.rawValue],
      ]
    }
    rows += [
      ["preset", configuration.preset.rawValue],
      ["optimizer", configuration.optimizerSummary],
      ["batch", "\(configuration.batchSize) images"],
      ["KL warm-up", Terminal.count(configuration.warmup, "epoch")],
      ["precision", configuration.precision.rawValue],
      ["seed", String(configuration.seed)],
    ]
    return rows
  }
}
