import Files
import Foundation
import ImageDatasets

/// A table of numbers in a text file: a row on each line, numbers separated by commas, with or without a line of names
/// above them.
///
/// Source: RFC 4180, without line breaks in quoted fields. Empty lines are passed over.
struct CSVTable {
  /// The names of the columns; nil where the file has none.
  private(set) var names: [String]?
  /// The number of columns.
  private(set) var columns = 0
  /// The numbers, row-major.
  private(set) var numbers: [Double] = []

  /// What a user should know of the file.
  private(set) var remarks: [String] = []

  private let path: String

  /// Reads a file. Its contents take at most four times its size: each number takes two bytes or more.
  ///
  /// - Throws: `DatasetError.unreadable`; `DatasetError.unusableData` where a line has a text, another number of columns
  ///   or an infinite number, which names the line and the column.
  init(_ url: URL) throws(DatasetError) {
    path = url.path
    let data: Data
    do { data = try Data(contentsOf: url, options: .mappedIfSafe) } catch {
      throw .unreadable(path: path, reason: error.plainReason)
    }
    var (line, start) = (1, data.startIndex)
    if data.starts(with: [0xEF, 0xBB, 0xBF]) { start += 3 }
    while start < data.endIndex {
      let end = data[start...].firstIndex(of: UInt8(ascii: "\n")) ?? data.endIndex
      try take(Array(data[start..<end]), line)
      (line, start) = (line + 1, end + 1)
    }
    guard columns > 0 else { throw unusable("it is empty") }
    if names == nil, columns > 1, numbers.count > columns,
      numbers[..<columns].elementsEqual((0..<columns).map { Double($0) })
    {
      remarks.append("line 1 is 0 to \(columns - 1), and is taken for a row: if it numbers the columns, leave it out")
    }
    if let names, names[0].isEmpty, columns > 1,
      stride(from: 0, to: numbers.count, by: columns).enumerated().allSatisfy({ Double($0) == numbers[$1] })
    {
      remarks.append(
        "column 1 has no name and counts the rows, as pandas writes them, and is taken for data: if it is not, leave it "
          + "out (index=False)")
    }
  }

  private mutating func take(_ bytes: [UInt8], _ line: Int) throws(DatasetError) {
    let fields = Self.fields(bytes)
    if fields.count == 1, fields[0].isEmpty { return }
    if columns == 0 {
      columns = fields.count
      if columns == 1, fields[0].contains(where: { $0 == ";" || $0 == "\t" }) {
        throw unusable(
          "line \(line) is '\(fields[0].visible().prefix(40))', without a comma; separate fields by commas, not by "
            + (fields[0].contains("\t") ? "tabs" : "semicolons"))
      }
      // A line of which no field is a number names the columns.
      if fields.allSatisfy({ Double($0) == nil }) {
        names = fields
        return
      }
    }
    guard fields.count == columns else {
      throw unusable("line \(line) has \(Self.count(fields.count)), and those before it \(columns)")
    }
    for (column, field) in fields.enumerated() {
      guard let number = Double(field), number.isFinite else { throw problem(field, line, column) }
      numbers.append(number)
    }
  }

  private func problem(_ field: String, _ line: Int, _ column: Int) -> DatasetError {
    let place = "line \(line), column \(names.map { "'\($0[column].visible().prefix(40))'" } ?? "\(column + 1)")"
    if field.isEmpty {
      return unusable(
        "\(place) is empty; fill the gap, leave the row or the column out, or name every column in line 1")
    }
    let shown = "'\(field.visible().prefix(40))'"
    if let separator = Self.separator(in: field) {
      return unusable("\(place) is \(shown); separate fields by commas, not by \(separator), and decimals by points")
    }
    return unusable(
      Double(field) == nil
        ? "\(place) is \(shown), which is no number; leave the column out, or encode it as numbers"
        : "\(place) is \(shown), and a density needs finite numbers; leave the row out, or fill the gap")
  }

  /// What separates the numbers in a field, in words; nil for a field that holds no numbers.
  private static func separator(in field: String) -> String? {
    [(";", "semicolons"), ("\t", "tabs"), (" ", "spaces")].first { separator, _ in
      let parts = field.split(separator: separator)
      return parts.count > 1 && parts.allSatisfy { Double($0) != nil }
    }?.1
  }

  private func unusable(_ reason: String) -> DatasetError { .unusableData(path: path, reason: reason) }

  private static func count(_ columns: Int) -> String { "\(columns) column\(columns == 1 ? "" : "s")" }

  /// The fields of a line, without the space and the quotes around them.
  private static func fields(_ line: [UInt8]) -> [String] {
    let (comma, quote) = (UInt8(ascii: ","), UInt8(ascii: "\""))
    var fields: [String] = []
    var (field, isQuoted) = ([UInt8](), false)
    func finish() {
      let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
      let rest = field.drop(while: isSpace)
      fields.append(
        String(decoding: rest[..<(rest.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? rest.startIndex)], as: UTF8.self))
      field.removeAll(keepingCapacity: true)
    }
    for (place, byte) in line.enumerated() {
      if byte == quote {
        // Two quotes within a quoted field stand for one.
        if !isQuoted, place > 0, line[place - 1] == quote, !field.isEmpty { field.append(quote) }
        isQuoted.toggle()
      } else if byte == comma, !isQuoted {
        finish()
      } else {
        field.append(byte)
      }
    }
    finish()
    return fields
  }
}
