/// An element of an HTML page or of an SVG picture, with its attributes and contents.
///
/// Its text is well-formed XML that browsers read the same way as HTML. Attributes and text are escaped, whatever
/// characters they have.
///
/// ```swift
/// let cell = MarkupElement("td", [("class", "figure")], text: "a < b")
/// cell.xml()  // <td class="figure">a &lt; b</td>
/// ```
public struct MarkupElement: Sendable {
  /// An attribute: its name and its value.
  public typealias Attribute = (name: String, value: String)

  /// A part of an element's contents.
  public enum Node: Sendable, ExpressibleByStringLiteral {
    /// An element.
    case element(MarkupElement)
    /// Text, as people read it.
    case text(String)

    /// Text.
    public init(stringLiteral text: String) { self = .text(text) }
  }

  /// The name.
  public let name: String
  /// The attributes, in the order in which they are written.
  public let attributes: [Attribute]
  /// The contents.
  public let contents: [Node]

  /// An element with any contents.
  public init(_ name: String, _ attributes: [Attribute] = [], contents: [Node]) {
    (self.name, self.attributes, self.contents) = (name, attributes, contents)
  }

  /// An element that holds elements alone, each of which is written on a line of its own.
  public init(_ name: String, _ attributes: [Attribute] = [], _ children: [MarkupElement] = []) {
    self.init(name, attributes, contents: children.map(Node.element))
  }

  /// An element that holds text alone.
  public init(_ name: String, _ attributes: [Attribute] = [], text: String) {
    self.init(name, attributes, contents: [.text(text)])
  }
}
