import FileTestSupport
import Foundation

/// Puts MAT files together byte by byte, also ones that no library writes.
struct RawMAT {
  var isLittleEndian = true

  /// A file of elements.
  func file(_ elements: [Data]) -> Data {
    var header = Data("MATLAB 5.0 MAT-file".utf8)
    header.append(Data(repeating: 0x20, count: 124 - header.count))
    header.append(contentsOf: bytes(0x0100 as UInt16))
    // The letters M and I, as a number of 16 bits.
    header.append(contentsOf: bytes(0x4D49 as UInt16))
    return elements.reduce(header, +)
  }

  /// A variable: dimensions, class and numbers as its element claims them and holds them.
  func variable(
    _ name: String, _ dimensions: [Int32], classType: UInt32 = 9, dataType: UInt32 = 2, _ numbers: [UInt8]
  ) -> Data {
    let contents =
      element(6, bytes(classType) + bytes(0 as UInt32)) + element(5, dimensions.flatMap { bytes($0) })
      + element(1, Array(name.utf8)) + element(dataType, numbers)
    return Data(bytes(14 as UInt32) + bytes(UInt32(contents.count)) + contents)
  }

  /// An element, compressed.
  func compressed(_ element: Data) -> Data {
    let packed = deflated(element, as: .zlib)
    return Data(bytes(15 as UInt32) + bytes(UInt32(packed.count)) + packed)
  }

  /// The bytes of a number in the file's order.
  func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: isLittleEndian ? number.littleEndian : number.bigEndian) { Array($0) }
  }

  private func element(_ type: UInt32, _ contents: [UInt8]) -> [UInt8] {
    bytes(type) + bytes(UInt32(contents.count)) + contents + [UInt8](repeating: 0, count: (8 - contents.count % 8) % 8)
  }
}
