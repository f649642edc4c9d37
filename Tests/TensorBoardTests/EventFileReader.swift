import Foundation
import Testing

@testable import TensorBoard

/// Reads event files by what is written of their format.
enum EventFileReader {
  /// The events of a file, as far as its last whole record; and whether there is less than a record behind that.
  static func events(of data: Data) throws -> (events: [Tensorflow_Event], isCut: Bool) {
    var (events, offset): ([Tensorflow_Event], Int) = ([], 0)
    func number<Number: FixedWidthInteger>(_ type: Number.Type, at place: Int) -> Number {
      data[place..<place + MemoryLayout<Number>.size].reversed().reduce(0) { $0 << 8 | Number($1) }
    }
    while offset + 12 <= data.count {
      let length = Int(number(UInt64.self, at: offset))
      let header = data[offset..<offset + 8]
      #expect(number(UInt32.self, at: offset + 8) == CyclicRedundancyCheck.masked(header))
      guard offset + length + RecordFraming.overhead <= data.count else { return (events, true) }
      let body = data[offset + 12..<offset + 12 + length]
      #expect(number(UInt32.self, at: offset + 12 + length) == CyclicRedundancyCheck.masked(body))
      events.append(try Tensorflow_Event(serializedBytes: body))
      offset += length + RecordFraming.overhead
    }
    return (events, offset < data.count)
  }
}
