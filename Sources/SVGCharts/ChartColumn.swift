import Markup

/// Line charts one below another in one picture, each with axes of its own: for figures that have no common unit.
public struct ChartColumn: Sendable {
  /// The charts, from the top.
  public var charts: [LineChart]

  /// A picture of the given charts.
  public init(_ charts: [LineChart]) { self.charts = charts }

  /// The charts as a file of SVG. A single chart is the same file as its own.
  public func svg() -> String {
    if charts.count == 1 { return charts[0].svg() }
    var elements: [MarkupElement] = []
    var (width, height) = (0.0, 0.0)
    for (index, chart) in charts.enumerated() {
      // Identifiers are of the whole file.
      let medium = ChartMedium.page(identifier: "chart-\(index + 1)")
      let size = chart.frame(in: medium).outerSize
      elements.append(
        MarkupElement(
          "g", [("transform", "translate(0 \(MarkupElement.number(height)))")], [chart.element(in: medium)]))
      (width, height) = (max(width, size.width), height + size.height)
    }
    let size = [("width", MarkupElement.number(width)), ("height", MarkupElement.number(height))]
    let root = MarkupElement(
      "svg",
      [("xmlns", "http://www.w3.org/2000/svg")] + size + [
        ("viewBox", "0 0 \(MarkupElement.number(width)) \(MarkupElement.number(height))"),
        ("color", ChartMedium.file.ink),
      ], [MarkupElement("rect", size + [("fill", "#ffffff")])] + elements)
    return root.xmlDocument()
  }
}
