import Markup

/// What is around the plot of a chart: the title, the axes with their ticks, and the legend on the right.
struct ChartFrame {
  /// An entry of the legend: a name, and how a line beside it is drawn, or a dot; without either, a note.
  struct Entry {
    let name: String
    var line: [MarkupElement.Attribute]?
    var dotColor: String?
  }

  static let lineHeight = 21.0
  private static let longestName = 44

  let title: String
  let labels: (x: String, y: String)
  let xScale: AxisScale
  let yScale: AxisScale
  let entries: [Entry]
  let medium: ChartMedium
  let left = 78.0
  let top = 52.0
  let width: Double
  let height: Double

  /// - Parameters:
  ///   - width: The width of the plot.
  ///   - height: The height of the plot, which is higher where the legend needs it.
  init(
    title: String, labels: (x: String, y: String), scales: (x: AxisScale, y: AxisScale), entries: [Entry],
    medium: ChartMedium, width: Double, height: Double
  ) {
    (self.title, self.labels, self.entries, self.medium) = (title, labels, entries, medium)
    (xScale, yScale) = scales
    self.width = width
    self.height = max(height, Double(entries.count) * Self.lineHeight + 20)
  }

  var right: Double { left + width }
  var bottom: Double { top + height }

  /// The place of a number along the horizontal axis, in pixels.
  func x(_ value: Double) -> Double { left + width * xScale.fraction(value) }
  /// The place of a number along the vertical axis, in pixels.
  func y(_ value: Double) -> Double { bottom - height * yScale.fraction(value) }

  /// The size of the whole chart, in pixels.
  var outerSize: (width: Double, height: Double) {
    let longest = entries.map { Self.shortened($0.name).count }.max() ?? 0
    return ((right + 76 + 6.9 * Double(longest)).rounded(), (bottom + 62).rounded())
  }

  /// The whole chart.
  func element(plot: [MarkupElement]) -> MarkupElement {
    let (width, height) = (MarkupElement.number(outerSize.width), MarkupElement.number(outerSize.height))
    let size: [MarkupElement.Attribute] = [("width", width), ("height", height)]
    let background: [MarkupElement]
    let description: [MarkupElement.Attribute]
    switch medium {
    case .file:
      background = [MarkupElement("rect", size + [("fill", "#ffffff")])]
      description = []
    case .page:
      background = []
      description = [("role", "img"), ("aria-label", "Chart: \(title). \(labels.y) against \(labels.x).")]
    }
    return MarkupElement(
      "svg",
      [("xmlns", "http://www.w3.org/2000/svg")] + size + [
        ("viewBox", "0 0 \(width) \(height)"), ("font-family", "Helvetica, Arial, sans-serif"), ("font-size", "13"),
      ] + description,
      [MarkupElement("clipPath", [("id", medium.clip)], [rectangle])] + background + [
        .text(title, x: left, y: 30, [("font-size", "17"), ("font-weight", "bold"), ("fill", medium.ink)])
      ] + axes + [
        MarkupElement("g", [("clip-path", "url(#\(medium.clip))"), ("fill", "none")], plot)
      ] + legend)
  }

  private var rectangle: MarkupElement {
    let number = MarkupElement.number
    return MarkupElement(
      "rect", [("x", number(left)), ("y", number(top)), ("width", number(width)), ("height", number(height))])
  }

  private var axes: [MarkupElement] {
    let ink: [MarkupElement.Attribute] = [("fill", medium.ink)]
    let grid = medium.faint("#e4e4e4", opacity: "0.15", of: "stroke") + [("stroke-width", "1")]
    let axis = medium.faint("#888888", opacity: "0.5", of: "stroke") + [("stroke-width", "1")]
    var elements: [MarkupElement] = []
    for tick in yScale.ticks {
      elements.append(.line((left, y(tick)), (right, y(tick)), grid))
      elements.append(.text(yScale.label(tick), x: left - 9, y: y(tick) + 4.5, [("text-anchor", "end")] + ink))
    }
    for tick in xScale.ticks {
      elements.append(.line((x(tick), bottom), (x(tick), bottom + 5), axis))
      elements.append(.text(xScale.label(tick), x: x(tick), y: bottom + 20, [("text-anchor", "middle")] + ink))
    }
    elements.append(.line((left, bottom), (right, bottom), axis))
    elements.append(.text(labels.x, x: left + width / 2, y: bottom + 45, [("text-anchor", "middle")] + ink))
    let middle = top + height / 2
    let turn = ("transform", "rotate(-90 20 \(MarkupElement.number(middle)))")
    elements.append(.text(labels.y, x: 20, y: middle, [("text-anchor", "middle")] + ink + [turn]))
    return elements
  }

  private var legend: [MarkupElement] {
    var elements: [MarkupElement] = []
    var y = top + 12
    for entry in entries {
      let isNote = entry.line == nil && entry.dotColor == nil
      if let line = entry.line { elements.append(.line((right + 20, y), (right + 48, y), line)) }
      if let color = entry.dotColor { elements.append(.dot(x: right + 34, y: y, radius: 5, [("fill", color)])) }
      elements.append(
        .text(
          Self.shortened(entry.name), x: right + (isNote ? 20 : 56), y: y + 4.5,
          isNote ? medium.faint("#777777", opacity: "0.65", of: "fill") : [("fill", medium.ink)]))
      y += Self.lineHeight
    }
    return elements
  }

  /// A name shortened to fit the legend. The end is kept, since that is where names differ.
  private static func shortened(_ name: String) -> String {
    name.count <= longestName ? name : "…" + name.suffix(longestName - 1)
  }
}
