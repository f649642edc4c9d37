/// An HTML page that needs nothing but itself: browsers are told to load nothing, and to run no script.
///
/// ```swift
/// let page = HTMLPage(title: "Runs", style: "body { margin: auto }", body: [MarkupElement("h1", text: "Runs")])
/// try Data(page.html().utf8).write(to: url)
/// ```
public struct HTMLPage: Sendable {
  /// The title.
  public let title: String
  /// The style sheet.
  public let style: String
  /// The contents.
  public let body: [MarkupElement]

  /// A page in English.
  ///
  /// - Parameters:
  ///   - title: The title.
  ///   - style: The style sheet. It has none of the characters `<`, `>` and `&`: HTML reads them in a style sheet as they
  ///     are, and XML does not.
  ///   - body: The contents.
  public init(title: String, style: String, body: [MarkupElement]) {
    precondition(!style.contains { "<>&".contains($0) }, "HTMLPage: a style sheet with <, > or &")
    (self.title, self.style, self.body) = (title, style, body)
  }

  /// The text of the page: HTML that is XML, too.
  public func html() -> String {
    let head = MarkupElement(
      "head", [],
      [
        MarkupElement("meta", [("charset", "utf-8")]),
        MarkupElement(
          "meta",
          [
            ("http-equiv", "Content-Security-Policy"),
            ("content", "default-src 'none'; img-src data:; style-src 'unsafe-inline'"),
          ]),
        MarkupElement("meta", [("name", "viewport"), ("content", "width=device-width, initial-scale=1")]),
        MarkupElement("meta", [("name", "color-scheme"), ("content", "light dark")]),
        MarkupElement("title", text: title),
        MarkupElement("style", text: style),
      ])
    let root = MarkupElement(
      "html", [("xmlns", "http://www.w3.org/1999/xhtml"), ("lang", "en")], [head, MarkupElement("body", [], body)])
    return "<!DOCTYPE html>\n" + root.xml()
  }
}
