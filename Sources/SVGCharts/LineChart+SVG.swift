import Markup

extension LineChart {
  /// The chart as a file of SVG: a `polyline` for each curve and companion, a `polygon` for each band.
  public func svg() -> String {
    element(in: .file).xmlDocument()
  }

  /// The chart as an element of SVG.
  public func element(in medium: ChartMedium) -> MarkupElement {
    let frame = frame(in: medium)
    return frame.element(plot: plot(frame))
  }

  /// What is around the curves.
  func frame(in medium: ChartMedium) -> ChartFrame {
    let entries =
      curves.enumerated().map { index, curve in
        ChartFrame.Entry(name: curve.name, line: [("stroke", ChartColor.hex(index)), ("stroke-width", "3")])
      }
      + levels.enumerated().map { ChartFrame.Entry(name: $1.name, line: Self.levelStyle($0, medium)) }
      + notes.map { ChartFrame.Entry(name: $0) }
    return ChartFrame(
      title: title, labels: (xLabel, yLabel), scales: (xScale, yScale), entries: entries, medium: medium, width: 660,
      height: 400)
  }

  private func plot(_ frame: ChartFrame) -> [MarkupElement] {
    var elements = levels.enumerated().map { index, level in
      MarkupElement.line(
        (frame.left, frame.y(level.y)), (frame.right, frame.y(level.y)), Self.levelStyle(index, frame.medium))
    }
    func places(_ points: [Point]) -> MarkupElement.Attribute {
      let places = points.map { "\(MarkupElement.number(frame.x($0.x))),\(MarkupElement.number(frame.y($0.y)))" }
      return ("points", places.joined(separator: " "))
    }
    func polyline(_ points: [Point], _ index: Int, _ style: [MarkupElement.Attribute]) -> MarkupElement {
      MarkupElement("polyline", [places(points), ("stroke", ChartColor.hex(index))] + style)
    }
    for (index, curve) in curves.enumerated() where !curve.band.isEmpty {
      let outline = curve.band.map { $0.ends[0] } + curve.band.reversed().map { $0.ends[1] }
      elements.append(
        MarkupElement("polygon", [places(outline), ("fill", ChartColor.hex(index)), ("fill-opacity", "0.18")]))
    }
    for (index, curve) in curves.enumerated() where !curve.companion.isEmpty {
      elements.append(polyline(curve.companion, index, [("stroke-width", "1"), ("stroke-opacity", "0.65")]))
    }
    for (index, curve) in curves.enumerated() where !curve.points.isEmpty {
      elements.append(polyline(curve.points, index, [("stroke-width", "2.2"), ("stroke-linejoin", "round")]))
      // Where there are few enough points to tell apart, mark each: a single one has no line.
      guard curve.points.count <= 15 else { continue }
      elements += curve.points.map { point in
        .dot(x: frame.x(point.x), y: frame.y(point.y), radius: 3, [("fill", ChartColor.hex(index))])
      }
    }
    return elements
  }

  private static func levelStyle(_ index: Int, _ medium: ChartMedium) -> [MarkupElement.Attribute] {
    let dashes = ["7 5", "2 4", "10 4 2 4", "4 3"]
    return medium.faint("#555555", opacity: "0.75", of: "stroke") + [
      ("stroke-width", "1.4"), ("stroke-dasharray", dashes[index % dashes.count]),
    ]
  }
}
