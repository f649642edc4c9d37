import Files
import Foundation
import Markup
import Runs
import SVGCharts
import VariationalAutoencoder

/// The training curves of runs as a chart.
struct ComparisonChart {
  private let chart: LineChart
  /// The names of runs that have no epoch to draw.
  let withoutEpochs: [String]

  init(_ runs: [ComparedRun], against abscissa: Compare.Abscissa) {
    let drawn = runs.filter { !$0.summary.epochs.isEmpty }
    withoutEpochs = runs.filter { $0.summary.epochs.isEmpty }.map(\.name)
    let isInBits = drawn.allSatisfy { $0.summary.unit == .bitsPerDimension }
    let figures = isInBits ? LikelihoodUnit.bitsPerDimension : .nats
    let unit = Unit(abscissa, longest: drawn.compactMap { $0.summary.epochs.last?.elapsedSeconds }.max() ?? 0)
    let curves = drawn.map { run in
      func points(_ figure: (RunSummary.Epoch) -> Double) -> [LineChart.Point] {
        run.summary.epochs.map { epoch in
          let nats = figure(epoch)
          return LineChart.Point(x: unit.x(epoch), y: isInBits ? run.summary.figure(nats: nats) : nats)
        }
      }
      return LineChart.Curve(
        name: run.name, points: points(\.validation.negativeELBO), companion: points(\.training.negativeELBO))
    }
    let datasets = Set(drawn.map(\.summary.configuration.dataset))
    chart = LineChart(
      title: datasets.sorted().joined(separator: ", ").visible(), xLabel: unit.label,
      yLabel: "negative ELBO [\(figures.rawValue)]", isXCount: abscissa != .seconds,
      curves: curves, levels: datasets.count == 1 ? Self.levels(drawn) : [],
      notes: ["solid: validation, thin: training"])
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

  /// - Throws: `FileError` where the file cannot be written.
  func write(to path: String) throws {
    try AtomicFile.write(to: URL(filePath: path)) { try $0.write(Data(chart.svg().utf8)) }
  }

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
