import Foundation

/// Reads matrices of zeros and ones in text form: a line for each row, with numbers separated by spaces.
///
/// ```swift
/// let digits = try AMATFile(rowCount: 50000, rowLength: 784).read(url)
/// ```
package struct AMATFile: Sendable {
  /// The number of lines with numbers.
  let rowCount: Int
  /// The number of numbers in a line.
  let rowLength: Int

  /// A format of `rowCount` lines of `rowLength` numbers.
  package init(rowCount: Int, rowLength: Int) {
    self.rowCount = rowCount
    self.rowLength = rowLength
  }

  /// The matrix in a file, plain or gzipped.
  ///
  /// - Throws: ``DatasetError/unreadable(path:reason:)``, ``DatasetError/malformed(path:reason:)``
  ///   with the line.
  package func read(_ url: URL) throws(DatasetError) -> PackedBits {
    let scanner = AMATScanner(self, path: url.path)
    try FileBytes.read(url) { (piece) throws(DatasetError) in try scanner.take(piece) }
    try scanner.finish()
    return PackedBits(rowCount: rowCount, rowLength: rowLength, bytes: scanner.bytes)
  }
}

/// Reads the text byte by byte. MNIST has 110 million bytes, too many to make strings of the lines.
private final class AMATScanner {
  private let format: AMATFile
  private let path: String
  private let bytesPerRow: Int
  private(set) var bytes: [UInt8]
  /// How many more bytes of text are allowed: a small gzipped file can expand to endless empty lines.
  private var textLeft: Int

  /// The line of the text, from 1. Lines without numbers are skipped, so that it may be ahead of the row.
  private var line = 1
  private var row = 0
  private var column = 0
  private var isInNumber = false

  init(_ format: AMATFile, path: String) {
    self.format = format
    self.path = path
    bytesPerRow = PackedBits.bytesPerRow(format.rowLength)
    bytes = [UInt8](repeating: 0, count: format.rowCount * bytesPerRow)
    // Two bytes for each number, and room for other spacing.
    textLeft = 8 * format.rowCount * format.rowLength + (1 << 20)
  }

  func take(_ piece: UnsafeRawBufferPointer) throws(DatasetError) {
    textLeft -= piece.count
    guard textLeft >= 0 else {
      throw malformed("it holds more text than \(format.rowCount) lines of \(format.rowLength) numbers take")
    }
    try bytes.withUnsafeMutableBufferPointer { (bytes) throws(DatasetError) in
      // Local variables, so that the loop keeps them in registers.
      var (column, isInNumber) = (column, isInNumber)
      defer { (self.column, self.isInNumber) = (column, isInNumber) }
      var place = row * bytesPerRow
      for byte in piece {
        switch byte {
        case UInt8(ascii: "0"), UInt8(ascii: "1"):
          guard !isInNumber, column < format.rowLength, row < format.rowCount else {
            throw refusal(of: byte, column, isInNumber)
          }
          bytes[place + column >> 3] |= (byte & 1) << UInt8(column & 7)
          column += 1
          isInNumber = true
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
          isInNumber = false
        case UInt8(ascii: "\n"):
          try endLine(column)
          place = row * bytesPerRow
          column = 0
          isInNumber = false
        default:
          throw refusal(of: byte, column, isInNumber)
        }
      }
    }
  }

  func finish() throws(DatasetError) {
    try endLine(column)
    guard row == format.rowCount else {
      throw malformed("it holds \(row) lines of numbers, not \(format.rowCount)")
    }
  }

  private func endLine(_ column: Int) throws(DatasetError) {
    if column > 0 {
      guard column == format.rowLength else {
        throw malformed("line \(line) holds \(column) numbers, not \(format.rowLength)")
      }
      row += 1
    }
    line += 1
  }

  /// The error for a byte that is not allowed at its position.
  private func refusal(of byte: UInt8, _ column: Int, _ isInNumber: Bool) -> DatasetError {
    if row == format.rowCount { return malformed("it holds more than \(format.rowCount) lines of numbers") }
    if column == format.rowLength, !isInNumber {
      return malformed("line \(line) holds more than \(format.rowLength) numbers")
    }
    let isPrintable = (0x21...0x7E).contains(byte)
    let sign = isPrintable ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
    return malformed(
      "number \(isInNumber ? column : column + 1) of line \(line) is neither 0 nor 1: "
        + (isInNumber ? "it goes on with \(sign)" : "it begins with \(sign)"))
  }

  private func malformed(_ reason: String) -> DatasetError { .malformed(path: path, reason: reason) }
}
