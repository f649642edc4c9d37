import Foundation
import Markup
import SVGCharts
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// Scatter charts, and charts within a page.
@Suite struct ScatterChartTests {
  private func chart(_ points: [(Double, Double)]) -> ScatterChart {
    ScatterChart(
      title: "t", xLabel: "x", yLabel: "y",
      groups: [
        .init(name: "a<b", points: points.map { .init(x: $0.0, y: $0.1, title: "\($0.0) & \($0.1)") }),
        .init(name: "rest", points: [.init(x: 0, y: 0, title: "0")], isRest: true),
      ])
  }

  /// The centres of the circles of the plot, in their order, without the two of the legend.
  private func centres(_ svg: String) -> [(x: Double, y: Double)] {
    svg.components(separatedBy: "<circle ").dropFirst().compactMap { text in
      func number(_ name: String) -> Double? {
        text.components(separatedBy: "\(name)=\"").dropFirst().first.flatMap { Double($0.prefix { $0 != "\"" }) }
      }
      guard let x = number("cx"), let y = number("cy") else { return nil }
      return (x, y)
    }.dropLast(2)
  }

  @Test func `both axes have one scale, and what is left over lies behind`() throws {
    let svg = chart([(10, 0), (0, 5), (-10, 0)]).svg()
    #expect(XMLParser(data: Data(svg.utf8)).parse())
    let centres = centres(svg)
    #expect(centres.count == 4)
    let (zero, right, up, left) = (centres[0], centres[1], centres[2], centres[3])
    #expect(abs((right.x - zero.x) - 2 * (zero.y - up.y)) < 0.05 && abs(left.x + right.x - 2 * zero.x) < 0.05)
    #expect(svg.contains("<title>10.0 &amp; 0.0</title>") && svg.contains("a&lt;b") && svg.contains("#8a8a8a"))
  }

  @Test(arguments: [[], [(1, 1)], [(.nan, 0), (.infinity, 1), (1e101, 1)], [(3, 3), (3, 3)], [(1e100, -1e100)]])
  func `any points make a chart`(points: [(Double, Double)]) {
    let svg = chart(points).svg()
    #expect(XMLParser(data: Data(svg.utf8)).parse())
    let text = svg.replacing("<title>", with: "").lowercased()
    #expect(!text.contains("\"nan") && !text.contains("\"inf"))
  }

  @Test func `charts of a page have the page's colours, a description and identifiers of their own`() {
    let line = LineChart(
      title: "t", xLabel: "epochs", yLabel: "nats", curves: [.init(name: "a", points: [.init(x: 1, y: 2)])],
      levels: [.init(name: "l", y: 3)], notes: ["n"])
    let first = line.element(in: .page(identifier: "one")).xml()
    let second = chart([(1, 2)]).element(in: .page(identifier: "two")).xml()
    for svg in [first, second] {
      #expect(XMLParser(data: Data(svg.utf8)).parse())
      #expect(svg.contains(#"role="img""#) && svg.contains(#"aria-label="Chart: t."#) && svg.contains("currentColor"))
      #expect(!svg.contains("#ffffff") && !svg.contains("#333333") && !svg.contains("#e4e4e4"))
    }
    #expect(first.contains(#"id="one-plot""#) && first.contains("url(#one-plot)") && second.contains(#"id="two-plot""#))
    // A file is on white, as ever.
    #expect(
      line.svg().contains("#ffffff") && line.svg().contains(#"id="plot""#) && !line.svg().contains("currentColor"))
  }
}
