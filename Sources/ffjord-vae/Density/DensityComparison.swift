import DensityEstimation
import Files
import Foundation
import Runs
import SVGCharts

/// A density model's run under the name that tells it from the others.
struct ComparedDensityRun {
  let name: String
  let summary: DensityRunSummary
}

/// The runs of density models in a comparison: a table, curves, and what `--json` prints.
struct DensityComparison {
  private let runs: [ComparedDensityRun]

  /// - Parameter runs: In any order; they are sorted by data, and then by the best figure.
  init(_ runs: [ComparedDensityRun]) {
    self.runs = runs.sorted { a, b in
      if Self.kind(a.summary) != Self.kind(b.summary) { return Self.kind(a.summary) < Self.kind(b.summary) }
      return (a.summary.best.map(\.negativeLogLikelihood) ?? .infinity)
        < (b.summary.best.map(\.negativeLogLikelihood) ?? .infinity)
    }
  }

  /// What must be the same where figures are compared.
  private static func kind(_ summary: DensityRunSummary) -> String {
    "\(summary.configuration.dataset.visible()) [\(summary.unit)]"
  }

  /// The runs as a table for people.
  func text(isMarkdown: Bool) -> String {
    var table = TextTable(columns: [
      ("run", .left), ("density model", .left), ("params", .right), ("steps", .right), ("validation", .right),
      ("test", .right), ("evals", .right), ("s/step", .right),
    ])
    for run in runs {
      let heading = Self.heading(run.summary)
      if table.groups.last?.heading != heading { table.groups.append((heading, [])) }
      table.groups[table.groups.count - 1].rows.append(Self.cells(run))
    }
    return isMarkdown ? table.markdown : table.text
  }

  /// The data, the unit, and what was published for them.
  private static func heading(_ summary: DensityRunSummary) -> String {
    let published = PublishedDensities.on(summary.configuration)
    guard !published.isEmpty else { return kind(summary) }
    let figures = published.map { "\($0.method) \($0.figure.fixed(2))" }.joined(separator: ", ")
    return "\(kind(summary))\nthe paper's test, of models trained on all of the data: \(figures)"
  }

  private static func cells(_ run: ComparedDensityRun) -> [TextTable.Cell] {
    let summary = run.summary
    let digits = summary.configuration.image == nil ? 2 : 3
    let last = summary.epochs.last
    let test = summary.testEvaluation.map { record in
      record.bitsPerDimension.map { $0.fixed(3) }
        ?? record.negativeLogLikelihood.fixed(2) + (record.standardError.map { " ±\($0.fixed(2))" } ?? "")
    }
    let texts: [String?] = [
      run.name, summary.configuration.modelSummary, summary.parameterCount.map(String.init),
      last.map { "\($0.training.step)" }, summary.best.map { summary.figure($0).fixed(digits) }, test,
      last.flatMap { $0.training.evaluationsForward > 0 ? $0.training.evaluationsForward.fixed(0) : nil },
      summary.secondsPerStep.map { $0.fixed($0 < 0.1 ? 4 : 2) },
    ]
    return texts.map { TextTable.Cell($0 ?? "-") }
  }

  /// A chart for each kind of data and unit, of the runs that have been validated.
  func charts(against abscissa: Compare.Abscissa) -> [LineChart] {
    var kinds: [String] = []
    for run in runs where !run.summary.epochs.isEmpty && !kinds.contains(Self.kind(run.summary)) {
      kinds.append(Self.kind(run.summary))
    }
    return kinds.map { kind in
      let members = runs.filter { Self.kind($0.summary) == kind && !$0.summary.epochs.isEmpty }
      return LineChart(
        title: (members.first?.summary.configuration.dataset ?? "").visible(), xLabel: "\(abscissa.rawValue)",
        yLabel: "-log p(x) [\(members.first?.summary.unit ?? "")]", isXCount: abscissa != .seconds,
        curves: members.map { Self.curve($0, abscissa) }, levels: [], notes: ["solid: validation, thin: training"])
    }
  }

  private static func curve(_ run: ComparedDensityRun, _ abscissa: Compare.Abscissa) -> LineChart.Curve {
    var elapsed = 0.0
    var (validation, training) = ([LineChart.Point](), [LineChart.Point]())
    for epoch in run.summary.epochs {
      elapsed += epoch.training.seconds + epoch.validation.seconds
      let x =
        switch abscissa {
        case .epochs: Double(epoch.training.epoch)
        case .steps: Double(epoch.training.step)
        case .seconds: elapsed
        }
      validation.append(LineChart.Point(x: x, y: run.summary.figure(epoch.validation)))
      training.append(LineChart.Point(x: x, y: run.summary.figure(epoch.training)))
    }
    return LineChart.Curve(name: run.name, points: validation, companion: training, band: [])
  }

  /// The rows of the table as `--json` prints them.
  var entries: [DensityComparisonEntry] { runs.map { DensityComparisonEntry($0) } }
}

/// A density model's run as `compare --json` prints it. Figures are in nats, and of images in bits per dimension, too.
struct DensityComparisonEntry: Encodable {
  private let name: String
  private let path: String
  private let data: String
  private let model: String
  private let seed: UInt64
  private let parameters: Int?
  private let steps: Int?
  private let validation: DensityRecord?
  private let test: DensityEvaluationRecord?
  private let secondsPerStep: Double?

  init(_ run: ComparedDensityRun) {
    let summary = run.summary
    name = run.name
    path = summary.directory.url.relativePath
    (data, model) = (summary.configuration.dataset, summary.configuration.modelSummary)
    seed = summary.configuration.seed
    parameters = summary.parameterCount
    steps = summary.epochs.last?.training.step
    (validation, test, secondsPerStep) = (summary.best, summary.testEvaluation, summary.secondsPerStep)
  }

  private enum CodingKeys: String, CodingKey {
    case name, path, data, model, seed, parameters, steps, validation, test
    case secondsPerStep = "seconds_per_step"
  }
}
