import FileTestSupport
import Foundation
import Testing

@testable import SVGCharts

extension XMLElements {
  fileprivate var texts: [String] { self["text"].map(\.text) }
}

/// Charts as the SVG that they become.
@Suite struct LineChartTests {
  private func points(_ values: [Double]) -> [LineChart.Point] {
    values.enumerated().map { LineChart.Point(x: Double($0 + 1), y: $1) }
  }

  private func places(_ element: XMLElements.Element) throws -> [(x: Double, y: Double)] {
    try #require(element.attributes["points"]).split(separator: " ").map { pair in
      let numbers = pair.split(separator: ",").compactMap { Double($0) }
      try #require(numbers.count == 2)
      return (numbers[0], numbers[1])
    }
  }

  @Test func `each curve and companion is a line, in its curve's colour`() throws {
    let chart = LineChart(
      title: "t", xLabel: "epochs", yLabel: "y", isXCount: true,
      curves: [
        .init(name: "a", points: points([9, 8, 7]), companion: points([8, 7, 6])),
        .init(name: "b", points: points([9, 5])),
      ], levels: [.init(name: "paper", y: 4)], notes: ["solid"])
    let svg = try XMLElements(chart.svg())
    let lines = svg["polyline"]
    #expect(try lines.map { try places($0).count } == [3, 3, 2])
    let colors = lines.compactMap { $0.attributes["stroke"] }
    #expect(colors[0] == colors[1] && colors[1] != colors[2])
    #expect(svg["line"].filter { $0.attributes["stroke-dasharray"] != nil }.count == 2)
    for text in ["t", "epochs", "y", "a", "b", "paper", "solid"] { #expect(svg.texts.contains(text)) }
  }

  @Test func `a band goes along its lower ends and back along its upper ones, in its curve's colour`() throws {
    let band = [1.0, 2, 3].map { LineChart.Interval(x: $0, low: 10 - $0, high: 10 + $0) }
    let chart = LineChart(
      title: "t", xLabel: "x", yLabel: "y",
      curves: [
        .init(name: "a", points: points([1, 2])),
        .init(name: "b", points: points([10, 10, 10]), band: band + [.init(x: 4, low: .nan, high: 1)]),
      ])
    let svg = try XMLElements(chart.svg())
    let area = try #require(svg["polygon"].first)
    #expect(svg["polygon"].count == 1 && area.attributes["fill"] == svg["polyline"][1].attributes["stroke"])
    let corners = try places(area)
    #expect(corners.count == 6)
    #expect(corners.map(\.x) == [0, 1, 2, 2, 1, 0].map { corners[$0].x })
    // The axis points downward.
    #expect(corners[0].y > corners[5].y && corners[2].y > corners[0].y && corners[3].y < corners[5].y)
    #expect(chart.yScale.range.lowerBound <= 1 && chart.yScale.range.upperBound >= 13)
  }

  @Test func `charts in a column are below one another, each with a region of its own`() throws {
    let charts = ["a", "b"].map { name in
      LineChart(title: name, xLabel: "x", yLabel: "y", curves: [.init(name: name, points: points([1, 2]))])
    }
    #expect(ChartColumn([charts[0]]).svg() == charts[0].svg())
    let svg = try XMLElements(ChartColumn(charts).svg())
    let heights = svg["svg"].compactMap { $0.attributes["height"].flatMap { Double($0) } }
    #expect(heights.count == 3 && heights[0] == heights[1] + heights[2])
    #expect(Set(svg["clipPath"].compactMap { $0.attributes["id"] }).count == 2)
    #expect(
      svg["g"].compactMap { $0.attributes["transform"] } == ["translate(0 0)", "translate(0 \(Int(heights[1])))"])
  }

  @Test func `points lie where the marks of the axes say`() throws {
    let chart = LineChart(
      title: "", xLabel: "", yLabel: "", curves: [.init(name: "", points: points([10, 30, 20]))])
    let svg = try XMLElements(chart.svg())
    func place(_ label: String, _ anchor: String, _ axis: String) throws -> Double {
      let text = try #require(svg["text"].first { $0.text == label && $0.attributes["text-anchor"] == anchor })
      return try #require(text.attributes[axis].flatMap { Double($0) })
    }
    let line = try places(try #require(svg["polyline"].first))
    // Labels of y stand a third of a line below the place that they mark.
    #expect(abs(try place("10", "end", "y") - 4.5 - line[0].y) < 0.02)
    #expect(abs(try place("30", "end", "y") - 4.5 - line[1].y) < 0.02)
    #expect(abs(try place("1.0", "middle", "x") - line[0].x) < 0.02)
    #expect(abs(try place("3.0", "middle", "x") - line[2].x) < 0.02)
  }

  @Test func `names with any characters are text, and nothing else`() throws {
    let names = ["<b>&amp;\"'", "]]>", "résumé 名 😀", "a\u{1}b"]
    let chart = LineChart(
      title: "<!--", xLabel: "x", yLabel: "y", curves: names.map { .init(name: $0, points: points([1, 2])) })
    let texts = try XMLElements(chart.svg()).texts
    for name in names { #expect(texts.contains(name.replacing("\u{1}", with: "\u{FFFD}"))) }
    #expect(texts.contains("<!--"))
  }

  @Test func `a single point, equal values, nothing and what is not finite are drawn, too`() throws {
    for values in [
      [5], [3, 3, 3], [], [0], [.nan, 4, .infinity, 2], [1e100, -1e100], [1e-300, 0], [1.7e308, 3, -1.7e308],
    ] {
      let chart = LineChart(
        title: "", xLabel: "", yLabel: "", curves: [.init(name: "", points: points(values))])
      let svg = try XMLElements(chart.svg())
      #expect(!chart.svg().contains("nan") && !chart.svg().contains("inf"))
      #expect(svg["polyline"].count == (values.isEmpty ? 0 : 1))
      #expect(svg["circle"].count == values.count { abs($0) <= 1e100 })
    }
  }

  @Test func `the fall at the beginning of a long curve does not flatten the rest`() {
    let values = (0..<200).map { $0 < 5 ? 1e4 : 100 - Double($0) / 10 }
    let chart = LineChart(title: "", xLabel: "", yLabel: "", curves: [.init(name: "", points: points(values))])
    #expect(chart.yScale.range.upperBound < 110)
  }

  @Test func `many curves have colours of their own and room in the legend`() throws {
    let curves = (0..<40).map { LineChart.Curve(name: "run \($0)", points: points([Double($0), 1])) }
    let svg = try XMLElements(LineChart(title: "", xLabel: "", yLabel: "", curves: curves).svg())
    #expect(Set(svg["polyline"].compactMap { $0.attributes["stroke"] }).count == 40)
    let height = try #require(svg["svg"].first?.attributes["height"].flatMap { Double($0) })
    let lowest = svg["text"].filter { $0.text.hasPrefix("run") }.compactMap { Double($0.attributes["y"] ?? "") }.max()
    #expect(try #require(lowest) < height)
  }
}

/// Round numbers along an axis.
@Suite struct AxisScaleTests {
  @Test(arguments: [(0.0, 1.0), (95, 190), (4.39, 4.6), (-3, 1e6), (0, 2000), (1e-9, 2e-9), (0, 7)])
  func `marks are round, within the range, and neither few nor many`(low: Double, high: Double) {
    let scale = AxisScale(low...high, count: 4)
    #expect((4...12).contains(scale.ticks.count), "\(scale.ticks)")
    #expect(scale.ticks.allSatisfy { $0 >= low - scale.step * 1e-6 && $0 <= high + scale.step * 1e-6 })
    let mantissa = scale.step / pow(10, floor(log10(scale.step) + 1e-9))
    #expect([1, 2, 5, 10].contains { abs(mantissa - $0) < 1e-6 })
    #expect(Set(scale.ticks.map(scale.label)).count == scale.ticks.count)
  }

  @Test func `labels have the decimals that they need`() {
    #expect(AxisScale(0...1, count: 4).ticks.map(AxisScale(0...1, count: 4).label).contains("0.4"))
    let whole = AxisScale(0...2, count: 5, smallestStep: 1)
    #expect(whole.ticks.map(whole.label) == ["0", "1", "2"])
  }
}
