import Files
import Markup
import Runs
import SVGCharts
import VariationalAutoencoder

/// The training curves of runs on one dataset, in one unit, as a chart. Runs that differ only in their seeds are one
/// curve, their mean.
struct ComparisonChart {
  let chart: LineChart
  /// The names of runs that have no epoch to draw.
  let withoutEpochs: [String]

  /// - Precondition: The groups have one ``ComparedGroup/kind``.
  init(_ groups: [ComparedGroup], against abscissa: Compare.Abscissa) {
    precondition(Set(groups.map(\.kind)).count <= 1, "ComparisonChart: runs of several kinds")
    let runs = groups.flatMap(\.runs)
    withoutEpochs = runs.filter { $0.summary.epochs.isEmpty }.map(\.name)
    let unit = Unit(abscissa, longest: runs.compactMap { $0.summary.epochs.last?.elapsedSeconds }.max() ?? 0)
    let curves = groups.compactMap { Self.curve($0, unit) }
    let hasBand = curves.contains { !$0.band.isEmpty }
    let first = groups.first?.first
    chart = LineChart(
      title: (first?.configuration.dataset ?? "").visible(), xLabel: unit.label,
      yLabel: "negative ELBO [\((first?.unit ?? .nats).rawValue)]", isXCount: abscissa != .seconds,
      curves: curves, levels: curves.isEmpty ? [] : Self.levels(runs),
      notes: ["solid: validation, thin: training"]
        + (hasBand ? ["line and band: mean ± deviation over seeds"] : []))
  }

  /// The curve of a group, over the epochs that all its runs have; nil where no run has any.
  private static func curve(_ group: ComparedGroup, _ unit: Unit) -> LineChart.Curve? {
    let drawn = group.runs.map(\.summary).filter { !$0.epochs.isEmpty }
    guard let first = drawn.first else { return nil }
    let others = drawn.dropFirst().map { run in Dictionary(uniqueKeysWithValues: run.epochs.map { ($0.epoch, $0) }) }
    let epochs = first.epochs.map { epoch in [epoch] + others.compactMap { $0[epoch.epoch] } }
      .filter { $0.count == drawn.count }
    func statistics(_ figure: (RunSummary.Epoch) -> MetricsRecord) -> [(x: Double, y: SeedStatistics)] {
      epochs.compactMap { epoch in
        let y = SeedStatistics(epoch.map { first.figure(nats: figure($0).negativeELBO) })
        let x = SeedStatistics(epoch.map(unit.x))
        return x.flatMap { x in y.map { (x.mean, $0) } }
      }
    }
    func points(_ statistics: [(x: Double, y: SeedStatistics)]) -> [LineChart.Point] {
      statistics.map { LineChart.Point(x: $0.x, y: $0.y.mean) }
    }
    let validation = statistics(\.validation)
    let band = validation.compactMap { x, y in
      y.standardDeviation.map { LineChart.Interval(x: x, low: y.mean - $0, high: y.mean + $0) }
    }
    return LineChart.Curve(
      name: group.name, points: points(validation), companion: points(statistics(\.training)), band: band)
  }

  /// The paper's figures for the runs' kinds of posterior, and for its own.
  private static func levels(_ runs: [ComparedRun]) -> [LineChart.Level] {
    guard let dataset = runs.first?.summary.configuration.dataset else { return [] }
    let methods = Set(runs.compactMap(\.summary.configuration.model.posterior.publishedMethod) + [.ffjord])
    return PublishedResults.Method.allCases.reversed().filter(methods.contains).compactMap { method in
      PublishedResults.negativeELBO(method, on: dataset).map { figure in
        LineChart.Level(name: "\(method.rawValue) in the paper, test: \(figure.fixed(2))", y: figure)
      }
    }
  }

  /// Whether there is nothing to draw.
  var isEmpty: Bool { chart.curves.isEmpty }

  /// The chart as a part of a page.
  func element(identifier: String) -> MarkupElement { chart.element(in: .page(identifier: identifier)) }

  /// What the axis below counts.
  private struct Unit {
    let label: String
    let x: (RunSummary.Epoch) -> Double

    init(_ abscissa: Compare.Abscissa, longest: Double) {
      switch abscissa {
      case .epochs: (label, x) = ("epochs", { Double($0.epoch) })
      case .steps: (label, x) = ("steps", { Double($0.step) })
      case .seconds:
        let (name, length) =
          switch longest {
          case 172_800...: ("days", 86400.0)
          case 7200...: ("hours", 3600)
          case 180...: ("minutes", 60)
          default: ("seconds", 1)
          }
        (label, x) = ("\(name) of training and validation", { $0.elapsedSeconds / length })
      }
    }
  }
}
