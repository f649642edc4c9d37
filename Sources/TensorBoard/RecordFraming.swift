import Foundation

/// The frame of each record of a TFRecord file. With all numbers little-endian, it consists of the data's length (8
/// bytes), the masked CRC-32C of those 8 bytes (4 bytes), the data, and the masked CRC-32C of the data (4 bytes).
enum RecordFraming {
  /// The size of a frame in bytes, without the data.
  static let overhead = 16

  /// The data within a frame.
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
