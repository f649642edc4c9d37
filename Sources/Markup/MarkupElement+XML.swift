extension MarkupElement {
  /// Elements that never have contents, of which alone HTML allows the short form: HTML's void elements, and the shapes
  /// of SVG.
  private static let withoutContents: Set = [
    "br", "col", "hr", "img", "link", "meta", "wbr", "circle", "line", "path", "polygon", "polyline", "rect",
  ]

  /// The element as XML and a line feed. Elements that hold text are on one line, others have a line for each child.
  public func xml() -> String {
    var text = ""
    write(to: &text, indentation: "")
    return text
  }

  /// The element as a file of XML: a declaration, and the element.
  public func xmlDocument() -> String { "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + xml() }

  /// - Parameter indentation: The space before the element, which is on lines of its own; nil within a line of text.
  private func write(to text: inout String, indentation: String?) {
    text += "\(indentation ?? "")<\(name)"
    for attribute in attributes { text += " \(attribute.name)=\"\(Self.escaped(attribute.value, isAttribute: true))\"" }
    let lineEnd = indentation == nil ? "" : "\n"
    if contents.isEmpty, Self.withoutContents.contains(name) {
      text += "/>" + lineEnd
      return
    }
    text += ">"
    let hasText = contents.contains { if case .text = $0 { true } else { false } }
    let inner = hasText ? nil : indentation.map { $0 + "  " }
    if inner != nil, !contents.isEmpty { text += "\n" }
    for node in contents {
      switch node {
      case .element(let element): element.write(to: &text, indentation: inner)
      case .text(let words): text += Self.escaped(words)
      }
    }
    if inner != nil, !contents.isEmpty { text += indentation ?? "" }
    text += "</\(name)>" + lineEnd
  }

  /// Text escaped for XML. Characters that XML 1.0 does not allow become U+FFFD. Quotes are escaped in attributes alone:
  /// HTML reads a style sheet as it is.
  private static func escaped(_ text: String, isAttribute: Bool = false) -> String {
    text.unicodeScalars.reduce(into: "") { result, scalar in
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"" where isAttribute: result += "&quot;"
      case "\u{0}"..."\u{8}", "\u{B}", "\u{C}", "\u{E}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}":
        result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
  }
}
