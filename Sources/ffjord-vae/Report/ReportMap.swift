import Files
import Foundation
import Inference
import Markup
import SVGCharts

/// The map of latent codes: their first two principal components, coloured by label.
struct ReportMap {
  private let work: ReportedModel.Work
  private let title: String
  private let identifier: String

  /// More colours than this are hard to tell apart; other labels share grey.
  private static let mostLabels = 10

  init(_ work: ReportedModel.Work, title: String, identifier: String) {
    (self.work, self.title, self.identifier) = (work, title, identifier)
  }

  var section: MarkupElement {
    let heading = "Map of latent codes"
    guard work.codes.shape[1] > 1 else {
      return ReportPage.section(heading, [ReportPage.paragraph("The latent space has one dimension: there is no map.")])
    }
    let components = PrincipalComponents(of: work.codes, count: 2)
    let shares = components.shares.map { "\((100 * $0).fixed(1)) %" }
    let points = components.coordinates(of: work.codes).enumerated().map { index, place in
      ScatterChart.Point(x: place[0], y: place[1], title: Self.name(of: index, work))
    }
    let chart = ScatterChart(
      title: "\(title): latent codes", xLabel: "first component (\(shares[0]) of the variance)",
      yLabel: "second component (\(shares[1]))", groups: groups(points))
    return ReportPage.section(
      heading,
      [
        .figure(
          chart.element(in: .page(identifier: identifier)),
          caption: """
            The codes zT of \(points.count) images, from their posteriors' means, along the two directions in which \
            they vary most. What is close together here may be far apart along the other \
            \(Terminal.count(work.codes.shape[1] - 2, "direction")).
            """)
      ])
  }

  /// What an image is called: its file, or its index in its split; and its label, where it has one.
  static func name(of index: Int, _ work: ReportedModel.Work) -> String {
    let records = work.images.records
    let name = records.isEmpty ? "image \(work.places[index])" : records[index].file.visible()
    let label = work.images.labels.isEmpty ? "" : work.images.labels[index].visible()
    return label.isEmpty ? name : "\(name), \(label)"
  }

  /// The most frequent labels, each with its points, in the order of their names; and the others.
  private func groups(_ points: [ScatterChart.Point]) -> [ScatterChart.Group] {
    guard !work.images.labels.isEmpty else { return [ScatterChart.Group(name: "images", points: points)] }
    let labels = work.images.labels.map { $0.isEmpty ? "without a label" : $0.visible() }
    let members = Dictionary(grouping: points.indices) { labels[$0] }
    let frequent = members.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
    let isWhole = frequent.count <= Self.mostLabels
    let shown = frequent.prefix(isWhole ? frequent.count : Self.mostLabels).map(\.key)
      .sorted { $0.compare($1, options: .numeric) == .orderedAscending }
    let groups = shown.map { label in
      ScatterChart.Group(name: label, points: (members[label] ?? []).map { points[$0] })
    }
    let rest = frequent.dropFirst(shown.count)
    guard !rest.isEmpty else { return groups }
    return groups + [
      ScatterChart.Group(
        name: "\(rest.count) other labels", points: rest.flatMap(\.value).sorted().map { points[$0] }, isRest: true)
    ]
  }
}
