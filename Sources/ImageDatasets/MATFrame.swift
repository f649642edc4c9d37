import Foundation

/// The structure of a MAT file of level 5: a header of 128 bytes, then elements that begin with their length.
enum MATFrame {
  private static let headerLength = 128

  /// An element that holds a variable: the range of its bytes, without its tag.
  struct Element: Sendable {
    let range: Range<Int>
    let isCompressed: Bool
  }

  /// The byte order of a file, from its header.
  static func isLittleEndian(_ data: Data) throws(MATProblem) -> Bool {
    guard data.count >= headerLength else {
      throw MATProblem(
        "it is truncated: a MAT file begins with \(headerLength) bytes of header and this has \(data.count)")
    }
    let isLittleEndian: Bool
    switch (data[data.startIndex + 126], data[data.startIndex + 127]) {
    case (UInt8(ascii: "I"), UInt8(ascii: "M")): isLittleEndian = true
    case (UInt8(ascii: "M"), UInt8(ascii: "I")): isLittleEndian = false
    default:
      throw MATProblem("it does not begin like a MAT file of level 5 (save it with MATLAB's -v7 or older)")
    }
    let (a, b) = (UInt16(data[data.startIndex + 124]), UInt16(data[data.startIndex + 125]))
    let version = isLittleEndian ? b << 8 | a : a << 8 | b
    guard version == 0x0100 else {
      throw MATProblem("its level is \(version >> 8), not 5 and older (save it with MATLAB's -v7, not -v7.3)")
    }
    return isLittleEndian
  }

  /// The elements, which must fill the file exactly.
  static func elements(_ data: Data, isLittleEndian: Bool) throws(MATProblem) -> [Element] {
    var elements = [Element]()
    var offset = headerLength
    while offset < data.count {
      guard offset + 8 <= data.count else {
        throw MATProblem("it is truncated: it ends at byte \(data.count), inside an element's tag")
      }
      let type = word(data, at: offset, isLittleEndian)
      let end = offset + 8 + Int(word(data, at: offset + 4, isLittleEndian))
      guard type == MATDataType.matrix || type == MATDataType.compressed else {
        throw MATProblem("the element at byte \(offset) is of type \(type), which is no variable")
      }
      guard end <= data.count else {
        throw MATProblem("it is truncated: it has \(data.count) bytes and an element reaches to byte \(end)")
      }
      elements.append(Element(range: offset + 8..<end, isCompressed: type == MATDataType.compressed))
      offset = end
    }
    return elements
  }

  private static func word(_ data: Data, at offset: Int, _ isLittleEndian: Bool) -> UInt32 {
    var word: UInt32 = 0
    for place in 0..<4 {
      let byte = UInt32(data[data.startIndex + offset + place])
      word |= byte << UInt32(8 * (isLittleEndian ? place : 3 - place))
    }
    return word
  }
}

/// The types of data elements, as their tags number them.
enum MATDataType {
  static let int8: UInt32 = 1
  static let uint8: UInt32 = 2
  static let int32: UInt32 = 5
  static let uint32: UInt32 = 6
  static let matrix: UInt32 = 14
  static let compressed: UInt32 = 15
  static let utf8: UInt32 = 16

  /// The size in bytes of a number of a type; nil for types that are not numbers.
  static func size(_ type: UInt32) -> Int? {
    switch type {
    case 1, 2: 1
    case 3, 4: 2
    case 5, 6, 7: 4
    case 9, 12, 13: 8
    default: nil
    }
  }
}
