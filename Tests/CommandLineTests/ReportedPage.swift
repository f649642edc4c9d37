import FileTestSupport
import Foundation
import Testing

/// A page of `ffjord-vae report`, as a parser of XML reads it.
struct ReportedPage {
  private let xml: XMLElements
  var elements: [XMLElements.Element] { xml.all }

  /// Reads a page, which must be well-formed, load nothing, and say in words what each picture shows.
  init(_ file: URL) throws {
    xml = try XMLElements(String(contentsOf: file, encoding: .utf8))
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

  subscript(_ name: String) -> [XMLElements.Element] { xml[name] }
  /// The headings of its sections.
  var sections: [String] { self["h3"].map(\.text) }
  /// What it says is missing or damaged.
  var remarks: [String] { elements.filter { $0.attributes["class"] == "remark" }.map(\.text) }
  var charts: [String] { self["svg"].compactMap { $0.attributes["aria-label"] } }
}
