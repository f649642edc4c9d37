extension LineChart {
  /// The positions of the chart's parts, in pixels.
  private struct Layout {
    let xScale: AxisScale
    let yScale: AxisScale
    let left = 78.0
    let top = 52.0
    let width = 660.0
    let height: Double
    let legendWidth: Double

    var right: Double { left + width }
    var bottom: Double { top + height }
    var pictureWidth: Double { right + legendWidth }
    var pictureHeight: Double { bottom + 62 }

    func x(_ value: Double) -> Double { left + width * xScale.fraction(value) }
    func y(_ value: Double) -> Double { bottom - height * yScale.fraction(value) }
  }

  private static let lineHeight = 21.0
  private static let longestName = 44
  private static let ink = "#333333"

  /// The chart as an SVG picture: a `polyline` for each curve and companion, in that order.
  public func svg() -> String {
    let lines = Double(curves.count + levels.count + notes.count)
    let longest = (curves.map(\.name) + levels.map(\.name) + notes).map { Self.shortened($0).count }.max() ?? 0
    let layout = Layout(
      xScale: xScale, yScale: yScale, height: max(400, lines * Self.lineHeight + 20),
      legendWidth: 76 + 6.9 * Double(longest))
    let (width, height) = (
      SVGElement.number(layout.pictureWidth.rounded()), SVGElement.number(layout.pictureHeight.rounded())
    )
    let root = SVGElement(
      "svg",
      [
        ("xmlns", "http://www.w3.org/2000/svg"), ("width", width), ("height", height),
        ("viewBox", "0 0 \(width) \(height)"), ("font-family", "Helvetica, Arial, sans-serif"), ("font-size", "13"),
      ],
      [
        SVGElement(
          "clipPath", [("id", "plot")], [rectangle(layout)]),
        SVGElement("rect", [("width", width), ("height", height), ("fill", "#ffffff")]),
        .text(
          title, x: layout.left, y: 30, [("font-size", "17"), ("font-weight", "bold"), ("fill", Self.ink)]),
      ] + axes(layout) + [
        SVGElement("g", [("clip-path", "url(#plot)"), ("fill", "none")], plot(layout))
      ] + legend(layout))
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + root.xml()
  }

  private func rectangle(_ layout: Layout) -> SVGElement {
    SVGElement(
      "rect",
      [
        ("x", SVGElement.number(layout.left)), ("y", SVGElement.number(layout.top)),
        ("width", SVGElement.number(layout.width)), ("height", SVGElement.number(layout.height)),
      ])
  }

  private func axes(_ layout: Layout) -> [SVGElement] {
    let number = SVGElement.number
    var elements: [SVGElement] = []
    for tick in layout.yScale.ticks {
      let y = layout.y(tick)
      elements.append(
        .line((layout.left, y), (layout.right, y), [("stroke", "#e4e4e4"), ("stroke-width", "1")]))
      elements.append(
        .text(
          layout.yScale.label(tick), x: layout.left - 9, y: y + 4.5, [("text-anchor", "end"), ("fill", Self.ink)]))
    }
    for tick in layout.xScale.ticks {
      let x = layout.x(tick)
      elements.append(
        .line((x, layout.bottom), (x, layout.bottom + 5), [("stroke", "#888888"), ("stroke-width", "1")]))
      elements.append(
        .text(
          layout.xScale.label(tick), x: x, y: layout.bottom + 20, [("text-anchor", "middle"), ("fill", Self.ink)]))
    }
    elements.append(
      .line(
        (layout.left, layout.bottom), (layout.right, layout.bottom), [("stroke", "#888888"), ("stroke-width", "1")]
      ))
    let (x, y) = (layout.left + layout.width / 2, layout.top + layout.height / 2)
    elements.append(
      .text(xLabel, x: x, y: layout.bottom + 45, [("text-anchor", "middle"), ("fill", Self.ink)]))
    elements.append(
      .text(
        yLabel, x: 20, y: y,
        [("text-anchor", "middle"), ("fill", Self.ink), ("transform", "rotate(-90 20 \(number(y)))")]))
    return elements
  }

  private func plot(_ layout: Layout) -> [SVGElement] {
    var elements = levels.enumerated().map { index, level in
      SVGElement.line(
        (layout.left, layout.y(level.y)), (layout.right, layout.y(level.y)), Self.levelStyle(index))
    }
    func polyline(_ points: [Point], _ index: Int, _ style: [(String, String)]) -> SVGElement {
      let places = points.map { "\(SVGElement.number(layout.x($0.x))),\(SVGElement.number(layout.y($0.y)))" }
      return SVGElement(
        "polyline", [("points", places.joined(separator: " ")), ("stroke", ChartColor.hex(index))] + style)
    }
    for (index, curve) in curves.enumerated() where !curve.companion.isEmpty {
      elements.append(
        polyline(curve.companion, index, [("stroke-width", "1"), ("stroke-opacity", "0.65")]))
    }
    for (index, curve) in curves.enumerated() where !curve.points.isEmpty {
      elements.append(
        polyline(curve.points, index, [("stroke-width", "2.2"), ("stroke-linejoin", "round")]))
      // Where there are few enough points to tell apart, mark each: a single one has no line.
      guard curve.points.count <= 15 else { continue }
      elements += curve.points.map { point in
        SVGElement(
          "circle",
          [
            ("cx", SVGElement.number(layout.x(point.x))), ("cy", SVGElement.number(layout.y(point.y))), ("r", "3"),
            ("fill", ChartColor.hex(index)),
          ])
      }
    }
    return elements
  }

  private func legend(_ layout: Layout) -> [SVGElement] {
    var elements: [SVGElement] = []
    var y = layout.top + 12
    func add(_ name: String, _ style: [(String, String)]?) {
      if let style { elements.append(.line((layout.right + 20, y), (layout.right + 48, y), style)) }
      elements.append(
        .text(
          Self.shortened(name), x: layout.right + (style == nil ? 20 : 56), y: y + 4.5,
          [("fill", style == nil ? "#777777" : Self.ink)]))
      y += Self.lineHeight
    }
    for (index, curve) in curves.enumerated() {
      add(curve.name, [("stroke", ChartColor.hex(index)), ("stroke-width", "3")])
    }
    for (index, level) in levels.enumerated() { add(level.name, Self.levelStyle(index)) }
    for note in notes { add(note, nil) }
    return elements
  }

  private static func levelStyle(_ index: Int) -> [(String, String)] {
    let dashes = ["7 5", "2 4", "10 4 2 4", "4 3"]
    return [("stroke", "#555555"), ("stroke-width", "1.4"), ("stroke-dasharray", dashes[index % dashes.count])]
  }

  /// A name shortened to fit the legend. The end is kept, since that is where names differ.
  private static func shortened(_ name: String) -> String {
    name.count <= longestName ? name : "…" + name.suffix(longestName - 1)
  }
}
