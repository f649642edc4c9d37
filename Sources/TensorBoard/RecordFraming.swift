import Foundation

/// The frame around each record of a TFRecord file, numbers little-endian: the data's length (8 bytes), the masked CRC-32C
/// of those 8 bytes (4), the data, the masked CRC-32C of the data (4).
enum RecordFraming {
  /// The bytes of a frame beside the data.
  static let overhead = 16

  /// Data in their frame.
  static func framed(_ data: Data) -> Data {
    let length = bytes(of: UInt64(data.count))
    var record = Data(capacity: data.count + overhead)
    record.append(length)
    record.append(bytes(of: CyclicRedundancyCheck.masked(length)))
    record.append(data)
    record.append(bytes(of: CyclicRedundancyCheck.masked(data)))
    return record
  }

  private static func bytes(of number: some FixedWidthInteger) -> Data {
    withUnsafeBytes(of: number.littleEndian) { Data($0) }
  }
}
