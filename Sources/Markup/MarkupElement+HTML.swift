import Foundation

/// Elements of HTML that have parts of their own.
extension MarkupElement {
  /// A table with a caption. Columns that no row fills are left out, and what other rows leave empty is a dash.
  ///
  /// - Parameters:
  ///   - caption: What the table shows.
  ///   - header: The titles of its columns.
  ///   - rows: Its rows; the first cell of each is the row's title.
  ///   - isHighlighted: Which rows stand out, by their index.
  public static func table(
    caption: String, header: [String], rows: [[String]], isHighlighted: (Int) -> Bool = { _ in false }
  ) -> MarkupElement {
    let columns = header.indices.filter { column in rows.contains { !$0[column].isEmpty } }
    let titles = columns.map { MarkupElement("th", [("scope", "col")], text: header[$0]) }
    let body = rows.enumerated().map { index, row in
      MarkupElement(
        "tr", isHighlighted(index) ? [("class", "highlighted")] : [],
        columns.map { column in
          let cell = row[column].isEmpty ? "–" : row[column]
          return column == 0 ? MarkupElement("th", [("scope", "row")], text: cell) : MarkupElement("td", text: cell)
        })
    }
    return MarkupElement(
      "table", [],
      [
        MarkupElement("caption", text: caption),
        MarkupElement("thead", [], [MarkupElement("tr", [], titles)]),
        MarkupElement("tbody", [], body),
      ])
  }

  /// A picture whose bytes are part of the page.
  ///
  /// - Parameters:
  ///   - png: The bytes of a PNG file.
  ///   - width: Its width in pixels.
  ///   - height: Its height in pixels.
  ///   - alternative: What it shows, for those who do not see it.
  public static func picture(png: Data, width: Int, height: Int, alternative: String) -> MarkupElement {
    MarkupElement(
      "img",
      [
        ("src", "data:image/png;base64,\(png.base64EncodedString())"), ("width", String(width)),
        ("height", String(height)), ("alt", alternative),
      ])
  }

  /// Something shown, with a caption below.
  public static func figure(_ shown: MarkupElement, caption: String) -> MarkupElement {
    MarkupElement("figure", [], [shown, MarkupElement("figcaption", text: caption)])
  }
}
