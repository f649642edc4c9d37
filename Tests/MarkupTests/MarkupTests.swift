import FileTestSupport
import Foundation
import Markup
import Testing

extension XMLElements {
  fileprivate var text: String { all.map(\.text).joined() }
  fileprivate var attributes: [String] { all.flatMap(\.attributes.values) }
}

@Suite struct MarkupTests {
  @Test func `elements are on lines of their own, and text is not torn apart`() {
    let paragraph = MarkupElement(
      "p", contents: ["a ", .element(MarkupElement("em", [], [MarkupElement("code", text: "b")])), " c"])
    let list = MarkupElement("div", [("id", "x")], [paragraph, MarkupElement("br"), MarkupElement("td")])
    #expect(
      list.xml() == """
        <div id="x">
          <p>a <em><code>b</code></em> c</p>
          <br/>
          <td></td>
        </div>

        """)
  }

  @Test(arguments: ["</p><script>alert(1)</script>", "\" onload=\"x", "a&amp;b", "]]>", "<!--", "é 名 😀"])
  func `whatever a text is, a parser reads it again`(text: String) throws {
    let element = MarkupElement("p", [("title", text)], text: text)
    let read = try XMLElements(element.xml())
    #expect(read.text == text && read.attributes == [text] && read.all.map(\.name) == ["p"])
  }

  @Test func `characters that XML has not are replaced`() throws {
    #expect(
      try XMLElements(MarkupElement("p", text: "a\u{0}b\u{1B}c\u{FFFE}").xml()).text
        == "a\u{FFFD}b\u{FFFD}c\u{FFFD}\n".dropLast())
  }

  @Test func `a page is XML, loads nothing, and has its parts`() throws {
    let table = MarkupElement.table(
      caption: "c", header: ["a", "b", "none"], rows: [["1", "<2>", ""], ["3", "", ""]], isHighlighted: { $0 == 1 })
    let picture = MarkupElement.picture(png: Data([1, 2, 3]), width: 4, height: 5, alternative: "a \"dot\"")
    let page = HTMLPage(
      title: "<title>", style: "p { font-family: \"A b\" }", body: [table, .figure(picture, caption: "below")])
    let html = page.html()
    let read = try XMLElements(html)
    #expect(html.hasPrefix("<!DOCTYPE html>\n<html"))
    #expect(html.contains("default-src 'none'") && html.contains("<td>–</td>") && !html.contains("none</th>"))
    #expect(html.contains(#"<style>p { font-family: "A b" }</style>"#))
    #expect(html.contains(#"<th scope="row">1</th>"#) && html.contains(#"<th scope="col">a</th>"#))
    #expect(html.contains(#"<tr class="highlighted">"#))
    #expect(read.attributes.contains("data:image/png;base64,AQID") && read.attributes.contains("a \"dot\""))
    #expect(read.all.map(\.name).suffix(3) == ["figure", "img", "figcaption"])
  }
}
