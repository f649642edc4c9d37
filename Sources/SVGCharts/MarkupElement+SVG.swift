import Markup

/// Shapes of SVG at points of a picture.
extension MarkupElement {
  /// A line of text at a point.
  static func text(_ text: String, x: Double, y: Double, _ attributes: [Attribute] = []) -> MarkupElement {
    MarkupElement("text", [("x", number(x)), ("y", number(y))] + attributes, text: text)
  }

  /// A straight line.
  static func line(
    _ start: (x: Double, y: Double), _ end: (x: Double, y: Double), _ attributes: [Attribute]
  ) -> MarkupElement {
    let ends = [("x1", start.x), ("y1", start.y), ("x2", end.x), ("y2", end.y)]
    return MarkupElement("line", ends.map { ($0, number($1)) } + attributes)
  }

  /// A filled circle, with a text that is shown beside the pointer.
  static func dot(
    x: Double, y: Double, radius: Double, _ attributes: [Attribute], title: String? = nil
  ) -> MarkupElement {
    MarkupElement(
      "circle", [("cx", number(x)), ("cy", number(y)), ("r", number(radius))] + attributes,
      title.map { [MarkupElement("title", text: $0)] } ?? [])
  }

  /// A coordinate, rounded to a hundredth of a pixel, and clamped far outside the picture.
  static func number(_ value: Double) -> String {
    let rounded = (min(max(value, -1e6), 1e6) * 100).rounded() / 100
    return rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
  }
}
