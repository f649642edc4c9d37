/// A table of text, with columns aligned for a terminal or in Markdown.
struct TextTable {
  /// To which side a column's cells go.
  enum Alignment {
    case left, right
  }

  /// What a row has in a column: a text, and marks of footnotes, which stand apart so that texts stay aligned.
  struct Cell: ExpressibleByStringLiteral {
    var text: String
    var marks = ""

    init(_ text: String, marks: String = "") {
      self.text = text
      self.marks = marks
    }

    init(stringLiteral text: String) { self.init(text) }

    var joined: String { marks.isEmpty ? text : "\(text) \(marks)" }
  }

  let columns: [(title: String, alignment: Alignment)]
  /// Groups of rows, each under its heading, if that is not empty.
  var groups: [(heading: String, rows: [[Cell]])] = []

  /// Lines for a terminal: the titles, then each group under its heading.
  var text: String {
    let rows = groups.flatMap(\.rows)
    // The marks' width holds the space before them. A title may stand over marks, too.
    let widths = columns.indices.map { column in
      let marks = rows.map { $0[column].marks.count + 1 }.max() ?? 1
      let room = marks > 1 ? marks : 0
      let text = rows.map { $0[column].text.count }.max() ?? 0
      return (text: max(text, columns[column].title.count - room), marks: room)
    }
    func joined(_ cells: [String]) -> String {
      let line = cells.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
    func padded(_ text: String, _ width: Int, _ alignment: Alignment) -> String {
      let space = String(repeating: " ", count: width - text.count)
      return alignment == .left ? text + space : space + text
    }
    func line(_ row: [Cell]) -> String {
      joined(
        zip(row, zip(columns, widths)).map { cell, place in
          let (column, width) = place
          let marks = cell.marks.isEmpty ? "" : " " + cell.marks
          return padded(cell.text, width.text, column.alignment) + padded(marks, width.marks, .left)
        })
    }
    let titles = zip(columns, widths).map { padded($0.title, $1.text + $1.marks, $0.alignment) }
    return groups.reduce(joined(titles)) { text, group in
      ([text] + (group.heading.isEmpty ? [] : ["", group.heading]) + group.rows.map(line)).joined(separator: "\n")
    }
  }

  /// A table of Markdown for each group, under its heading.
  var markdown: String {
    func line(_ cells: [String]) -> String {
      "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
    }
    let titles = [line(columns.map(\.title)), line(columns.map { $0.alignment == .left ? "---" : "---:" })]
    return groups.map { group in
      ([group.heading, ""] + titles + group.rows.map { line($0.map(\.joined)) }).joined(separator: "\n")
    }.joined(separator: "\n\n")
  }
}
