import Foundation

extension Encodable {
  /// The value as `--json` prints it: keys in snake case, sorted.
  ///
  /// - Parameter isIndented: Whether to break the text into indented lines; otherwise it is one line.
  func resultJSON(isIndented: Bool = true) throws -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if isIndented { encoder.outputFormatting.insert(.prettyPrinted) }
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
