import FileTestSupport
import Foundation
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// A page of `ffjord-vae report`, as a parser of XML reads it.
final class ReportedPage: NSObject, XMLParserDelegate {
  struct Element {
    let name: String
    let attributes: [String: String]
    var text = ""
  }
  private(set) var elements: [Element] = []
  private var open: [Int] = []

  /// Reads a page, which must be well-formed, load nothing, and say in words what each picture shows.
  init(_ file: URL) throws {
    super.init()
    let data = try Data(contentsOf: file)
    let parser = XMLParser(data: data)
    parser.delegate = self
    try #require(parser.parse(), "\(String(describing: parser.parserError))")
    for element in elements {
      for (name, value) in element.attributes where ["src", "href", "xlink:href"].contains(name) {
        #expect(value.hasPrefix("data:image/png;base64,") || value.hasPrefix("#"), "\(element.name) \(name)=\(value)")
      }
    }
    #expect(self["script"].isEmpty && self["link"].isEmpty && self["iframe"].isEmpty)
    #expect(self["img"].allSatisfy { $0.attributes["alt"]?.isEmpty == false })
    #expect(self["svg"].allSatisfy { $0.attributes["role"] == "img" && $0.attributes["aria-label"]?.isEmpty == false })
    #expect(self["th"].allSatisfy { $0.attributes["scope"] != nil })
    let identifiers = elements.compactMap { $0.attributes["id"] }
    #expect(Set(identifiers).count == identifiers.count)
    for link in self["a"] { #expect(identifiers.contains(String(link.attributes["href"]?.dropFirst() ?? ""))) }
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    open.append(elements.count)
    elements.append(Element(name: name, attributes: attributes))
  }

  func parser(_ parser: XMLParser, didEndElement: String, namespaceURI: String?, qualifiedName: String?) {
    open.removeLast()
  }

  func parser(_ parser: XMLParser, foundCharacters text: String) {
    if let last = open.last { elements[last].text += text }
  }

  subscript(_ name: String) -> [Element] { elements.filter { $0.name == name } }
  /// The headings of its sections.
  var sections: [String] { self["h3"].map(\.text) }
  /// What it says is missing or damaged.
  var remarks: [String] { elements.filter { $0.attributes["class"] == "remark" }.map(\.text) }
  var charts: [String] { self["svg"].compactMap { $0.attributes["aria-label"] } }
}
