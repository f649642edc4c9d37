import Foundation

/// An element of an SVG picture, with its children or its text.
struct SVGElement {
  private enum Content {
    case children([SVGElement])
    case text(String)
  }

  private let name: String
  private let attributes: [(name: String, value: String)]
  private let content: Content

  init(_ name: String, _ attributes: [(String, String)], _ children: [SVGElement] = []) {
    self.init(name, attributes, .children(children))
  }

  /// A line of text at a point.
  static func text(_ text: String, x: Double, y: Double, _ attributes: [(String, String)] = [])
    -> SVGElement
  {
    SVGElement("text", [("x", number(x)), ("y", number(y))] + attributes, .text(text))
  }

  /// A straight line.
  static func line(
    _ start: (x: Double, y: Double), _ end: (x: Double, y: Double), _ attributes: [(String, String)]
  ) -> SVGElement {
    let ends = [("x1", start.x), ("y1", start.y), ("x2", end.x), ("y2", end.y)]
    return SVGElement("line", ends.map { ($0, number($1)) } + attributes)
  }

  private init(_ name: String, _ attributes: [(String, String)], _ content: Content) {
    self.name = name
    self.attributes = attributes
    self.content = content
  }

  /// A coordinate, rounded to a hundredth of a pixel, and clamped far outside the picture.
  static func number(_ value: Double) -> String {
    let rounded = (min(max(value, -1e6), 1e6) * 100).rounded() / 100
    return rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
  }

  /// The element as XML, with a line for each element.
  func xml(indentation: String = "") -> String {
    let opening = attributes.reduce("\(indentation)<\(name)") {
      "\($0) \($1.name)=\"\(Self.escaped($1.value))\""
    }
    switch content {
    case .text(let text): return "\(opening)>\(Self.escaped(text))</\(name)>\n"
    case .children(let children) where children.isEmpty: return "\(opening)/>\n"
    case .children(let children):
      let inner = children.map { $0.xml(indentation: indentation + "  ") }.joined()
      return "\(opening)>\n\(inner)\(indentation)</\(name)>\n"
    }
  }

  /// Text escaped for XML. Characters that XML 1.0 does not allow become U+FFFD.
  private static func escaped(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { result, scalar in
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\u{0}"..."\u{8}", "\u{B}", "\u{C}", "\u{E}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}":
        result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
  }
}
