import Foundation

extension Encodable {
  /// The value as JSON: keys sorted, so that the same value is the same text; on one line unless it is for people.
  public func json(forPeople: Bool = false) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if forPeople { encoder.outputFormatting.insert(.prettyPrinted) }
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
