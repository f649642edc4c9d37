import Foundation

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// The elements of an XML text, in their order.
public final class XMLElements: NSObject, XMLParserDelegate {
  /// An element, and the text in it that is in no element within.
  public struct Element {
    public let name: String
    public let attributes: [String: String]
    public var text = ""
  }

  /// The error that a text is not well-formed.
  public struct Malformed: Error {
    public let reason: String
    public let text: String
  }

  public private(set) var all: [Element] = []
  private var open: [Int] = []

  /// Reads a text; throws ``Malformed``.
  public init(_ xml: String) throws {
    super.init()
    let parser = XMLParser(data: Data(xml.utf8))
    parser.delegate = self
    guard parser.parse() else { throw Malformed(reason: String(describing: parser.parserError), text: xml) }
  }

  public func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    open.append(all.count)
    all.append(Element(name: name, attributes: attributes))
  }

  public func parser(_ parser: XMLParser, didEndElement: String, namespaceURI: String?, qualifiedName: String?) {
    open.removeLast()
  }

  public func parser(_ parser: XMLParser, foundCharacters text: String) {
    if let last = open.last { all[last].text += text }
  }

  /// The elements of a name.
  public subscript(_ name: String) -> [Element] { all.filter { $0.name == name } }
}
