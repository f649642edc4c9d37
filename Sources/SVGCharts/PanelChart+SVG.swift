import Foundation
import Markup

extension PanelChart {
  private static let side = 172.0
  private static let gap = 12.0
  private static let rowGap = 54.0
  private static let pictureSide = 96.0
  private static let top = 74.0
  private static let lineHeight = 19.0
  private static let ink = "#333333"

  /// The chart as a file of SVG: a `path` for each region of a density and one for all paths of a panel, a `circle` for each point.
  public func svg() -> String {
    let panelCount = Double(max(rows.map(\.panels.count).max() ?? 0, columns.count, 1))
    let hasPictures = (rows.contains { $0.before != nil }, rows.contains { $0.after != nil })
    let left = (hasPictures.0 ? Self.pictureSide + 24 : 0) + 84
    let panelsEnd = left + panelCount * (Self.side + Self.gap) - Self.gap
    let width = panelsEnd + (hasPictures.1 ? Self.pictureSide + 24 : 0) + 24
    let rowHeight = Self.side + Self.rowGap
    let end = Self.top + Double(rows.count) * rowHeight
    let height = end + Double(notes.count) * Self.lineHeight + 14
    var elements = [
      MarkupElement("rect", [("width", Self.number(width)), ("height", Self.number(height)), ("fill", "#ffffff")]),
      .text(title, x: 24, y: 32, [("font-size", "17"), ("font-weight", "bold"), ("fill", Self.ink)]),
    ]
    for (column, title) in columns.enumerated() {
      let middle = left + Double(column) * (Self.side + Self.gap) + Self.side / 2
      elements.append(.text(title, x: middle, y: Self.top - 12, [("text-anchor", "middle"), ("fill", Self.ink)]))
    }
    for (index, row) in rows.enumerated() {
      let top = Self.top + Double(index) * rowHeight
      elements += self.elements(of: row, number: index, left: left, top: top)
      if let before = row.before { elements += Self.picture(before, left: 24, top: top) }
      if let after = row.after { elements += Self.picture(after, left: panelsEnd + 24, top: top) }
    }
    for (index, note) in notes.enumerated() {
      elements.append(
        .text(note, x: 24, y: end + Double(index) * Self.lineHeight + 2, [("font-size", "12"), ("fill", "#666666")]))
    }
    let size: [MarkupElement.Attribute] = [("width", Self.number(width)), ("height", Self.number(height))]
    let root = MarkupElement(
      "svg",
      [("xmlns", "http://www.w3.org/2000/svg")] + size + [
        ("viewBox", "0 0 \(Self.number(width)) \(Self.number(height))"),
        ("font-family", "Helvetica, Arial, sans-serif"), ("font-size", "13"),
      ], elements)
    return root.xmlDocument()
  }

  private static func number(_ value: Double) -> String { MarkupElement.number(value) }

  private static func picture(_ picture: Picture, left: Double, top: Double) -> [MarkupElement] {
    let (width, height) = (
      min(pictureSide, pictureSide / picture.proportion), min(pictureSide, pictureSide * picture.proportion)
    )
    let (x, y) = (left + (pictureSide - width) / 2, top + (side - height) / 2)
    let place = [("x", x), ("y", y), ("width", width), ("height", height)].map { ($0, number($1)) }
    return [
      MarkupElement(
        "image",
        [("href", "data:image/png;base64,\(picture.png.base64EncodedString())")] + place + [
          ("image-rendering", "pixelated"), ("preserveAspectRatio", "none"),
        ], [MarkupElement("title", text: picture.title)]),
      MarkupElement("rect", place + [("fill", "none"), ("stroke", "#c8c8c8")]),
      .text(
        picture.title, x: left + pictureSide / 2, y: y + height + 18, [("text-anchor", "middle"), ("fill", Self.ink)]),
    ]
  }

  /// The panels of a row with their axes.
  private func elements(of row: Row, number index: Int, left: Double, top: Double) -> [MarkupElement] {
    let scales = Self.scales(of: row)
    let width = Double(row.panels.count) * (Self.side + Self.gap) - Self.gap
    let ink: [MarkupElement.Attribute] = [("font-size", "11"), ("fill", "#666666")]
    var elements: [MarkupElement] = [
      .text(row.xLabel, x: left + width / 2, y: top + Self.side + 32, [("text-anchor", "middle")] + ink)
    ]
    for (column, panel) in row.panels.enumerated() {
      let left = left + Double(column) * (Self.side + Self.gap)
      func place(_ point: LineChart.Point) -> (x: Double, y: Double) {
        (left + Self.side * scales.x.fraction(point.x), top + Self.side * (1 - scales.y.fraction(point.y)))
      }
      let clip = "panel-\(index)-\(column)"
      let square: [MarkupElement.Attribute] = [
        ("x", Self.number(left)), ("y", Self.number(top)), ("width", Self.number(Self.side)),
        ("height", Self.number(Self.side)),
      ]
      elements.append(MarkupElement("clipPath", [("id", clip)], [MarkupElement("rect", square)]))
      elements.append(
        MarkupElement("g", [("clip-path", "url(#\(clip))")], Self.contents(of: panel, place)))
      elements.append(MarkupElement("rect", square + [("fill", "none"), ("stroke", "#b4b4b4")]))
      for tick in scales.x.ticks where (0.04...0.96).contains(scales.x.fraction(tick)) {
        let x = left + Self.side * scales.x.fraction(tick)
        elements.append(.line((x, top + Self.side), (x, top + Self.side + 4), [("stroke", "#b4b4b4")]))
        elements.append(
          .text(scales.x.label(tick), x: x, y: top + Self.side + 16, [("text-anchor", "middle")] + ink))
      }
      guard column == 0 else { continue }
      for tick in scales.y.ticks where (0.04...0.96).contains(scales.y.fraction(tick)) {
        let y = top + Self.side * (1 - scales.y.fraction(tick))
        elements.append(.line((left - 4, y), (left, y), [("stroke", "#b4b4b4")]))
        elements.append(.text(scales.y.label(tick), x: left - 8, y: y + 4, [("text-anchor", "end")] + ink))
      }
      let (x, y) = (left - 42, top + Self.side / 2)
      elements.append(
        .text(
          row.yLabel, x: x, y: y,
          [("text-anchor", "middle"), ("transform", "rotate(-90 \(Self.number(x)) \(Self.number(y)))")] + ink))
    }
    return elements
  }

  private static func contents(
    of panel: Panel, _ place: (LineChart.Point) -> (x: Double, y: Double)
  ) -> [MarkupElement] {
    func line(_ points: [LineChart.Point]) -> String {
      points.map(place).map { "\(number($0.x)) \(number($0.y))" }.joined(separator: "L")
    }
    var elements: [MarkupElement] = []
    if let density = panel.density {
      for (index, share) in shares.enumerated() {
        let closed = density.contours(above: density.level(holding: share)).map { "M\(line($0))Z" }.joined()
        guard !closed.isEmpty else { continue }
        elements.append(
          MarkupElement(
            "path", [("d", closed), ("fill", blues[index % blues.count]), ("fill-rule", "evenodd")],
            [MarkupElement("title", text: "\(Int(share * 100)) % of the density")]))
      }
    }
    if !panel.paths.isEmpty {
      elements.append(
        MarkupElement(
          "path",
          [
            ("d", panel.paths.map { "M\(line($0))" }.joined()), ("fill", "none"), ("stroke", "#555555"),
            ("stroke-opacity", "0.22"), ("stroke-width", "0.6"),
          ]))
    }
    let dots = panel.points.map { point in
      let (x, y) = place(point)
      return MarkupElement.dot(x: x, y: y, radius: 1.4, [])
    }
    return elements + [MarkupElement("g", [("fill", ChartColor.hex(1)), ("fill-opacity", "0.7")], dots)]
  }

  /// From the faintest to the darkest: a sequence of one hue with even steps of lightness (ColorBrewer's Blues).
  private static let blues = ["#eff3ff", "#c6dbef", "#9ecae1", "#6baed6", "#4292c6", "#2171b5"]

  /// Scales of equal length for all panels of a row, around the middle of what they show.
  private static func scales(of row: Row) -> (x: AxisScale, y: AxisScale) {
    let points = row.panels.flatMap { panel in
      let region = panel.density.map { $0.contours(above: $0.level(holding: shares[0])) } ?? []
      return panel.points + (panel.paths + region).flatMap { $0 }
    }
    func middle(_ values: [Double]) -> (center: Double, half: Double) {
      let (low, high) = (values.min() ?? -1, values.max() ?? 1)
      return ((low + high) / 2, (high - low) / 2)
    }
    let (x, y) = (middle(points.map(\.x)), middle(points.map(\.y)))
    let half = max(x.half, y.half) * 1.06
    func scale(_ center: Double) -> AxisScale { AxisScale(center - half...center + half, count: 3) }
    return (scale(x.center), scale(y.center))
  }
}
