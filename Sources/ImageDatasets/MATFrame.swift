import Foundation

/// The frame of a MAT file of level 5: a header of 128 bytes, then elements that each say how long they are.
///
/// Walking it costs a few reads and finds a truncated file, or one that is no MAT file, with better words
/// than a decoder would have.
enum MATFrame {
  private static let headerLength = 128

  /// Checks the header and that the elements fill the file exactly.
  ///
  /// - Throws: ``DatasetError/unreadable(path:reason:)``, ``DatasetError/malformed(path:reason:)``.
  static func check(_ url: URL) throws(DatasetError) {
    let data: Data
    do {
      data = try Data(contentsOf: url, options: .mappedIfSafe)
    } catch {
      throw .unreadable(path: url.path, reason: error.plainReason)
    }
    func malformed(_ reason: String) -> DatasetError { .malformed(path: url.path, reason: reason) }

    guard data.count >= headerLength else {
      throw malformed(
        "it is truncated: a MAT file begins with \(headerLength) bytes of header and this has \(data.count)")
    }
    let bytes = Frame(data: data)
    guard let isLittleEndian = bytes.isLittleEndian else {
      throw malformed("it does not begin like a MAT file of level 5 (save it with MATLAB's -v7 or older)")
    }
    let version = bytes.version(isLittleEndian)
    guard version == 0x0100 else {
      throw malformed("its level is \(version >> 8), not 5 and older (save it with MATLAB's -v7, not -v7.3)")
    }
    var offset = headerLength
    while offset < data.count {
      guard offset + 8 <= data.count else {
        throw malformed("it is truncated: it ends at byte \(data.count), inside an element's tag")
      }
      let type = bytes.word(at: offset, isLittleEndian)
      let length = Int(bytes.word(at: offset + 4, isLittleEndian))
      guard type == Element.matrix || type == Element.compressed else {
        throw malformed("the element at byte \(offset) is of type \(type), which is no variable")
      }
      offset += 8 + length
      guard offset <= data.count else {
        throw malformed(
          "it is truncated: it has \(data.count) bytes and an element reaches to byte \(offset)")
      }
    }
  }

  private enum Element {
    static let matrix: UInt32 = 14
    static let compressed: UInt32 = 15
  }

  private struct Frame {
    let data: Data

    /// Nil where the two letters that tell the order of bytes are not there.
    var isLittleEndian: Bool? {
      switch (data[data.startIndex + 126], data[data.startIndex + 127]) {
      case (UInt8(ascii: "I"), UInt8(ascii: "M")): true
      case (UInt8(ascii: "M"), UInt8(ascii: "I")): false
      default: nil
      }
    }

    func version(_ isLittleEndian: Bool) -> UInt16 {
      let (a, b) = (UInt16(data[data.startIndex + 124]), UInt16(data[data.startIndex + 125]))
      return isLittleEndian ? b << 8 | a : a << 8 | b
    }

    func word(at offset: Int, _ isLittleEndian: Bool) -> UInt32 {
      var word: UInt32 = 0
      for place in 0..<4 {
        let byte = UInt32(data[data.startIndex + offset + place])
        word |= byte << UInt32(8 * (isLittleEndian ? place : 3 - place))
      }
      return word
    }
  }
}
