import Foundation

extension Encodable {
  /// The value as JSON. Keys are sorted, so that equal values give equal texts.
  ///
  /// - Parameter forPeople: Whether to break the text into indented lines; otherwise it is one line.
  /// - Throws: `EncodingError`
  public func json(forPeople: Bool = false) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if forPeople { encoder.outputFormatting.insert(.prettyPrinted) }
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
