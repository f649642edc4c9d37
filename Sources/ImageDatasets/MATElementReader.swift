import Files
import Foundation

/// Reads the element of a variable from its beginning: class, dimensions, name, then numbers.
///
/// A compressed element is decompressed on demand, and no further than necessary.
struct MATElementReader {
  private let source: any MATBytes
  private let isLittleEndian: Bool
  /// How many bytes of the element are left, according to its tag.
  private var rest: Int

  /// MATLAB's names have at most 63 characters; a longer name than this is refused.
  private static let nameLimit = 1024
  private static let rankLimit = 64

  init(_ data: Data, _ element: MATFrame.Element, isLittleEndian: Bool) throws(MATProblem) {
    self.isLittleEndian = isLittleEndian
    let place = "the element at byte \(element.range.lowerBound)"
    if element.isCompressed {
      source = try MATDeflatedBytes(data, element.range)
      rest = 8
      let tag = try words(2, "\(place): its tag")
      guard tag[0] == MATDataType.matrix else {
        throw MATProblem("\(place) is of type \(tag[0]) when unpacked, which is no variable")
      }
      rest = Int(tag[1])
    } else {
      source = MATPlainBytes(data, element.range)
      rest = element.range.count
    }
  }

  /// The description of the variable; its contents follow.
  mutating func variable(_ element: MATFrame.Element) throws(MATProblem) -> MATVariable {
    let place = "the element at byte \(element.range.lowerBound)"
    let flags = try integers(MATDataType.uint32, limit: 2, "\(place): its flags")
    guard flags.count == 2 else { throw MATProblem("\(place): its flags are damaged") }
    let classType = MATVariable.Class(rawValue: UInt8(truncatingIfNeeded: flags[0]))
    // An opaque object has no dimensions, and the rest of its contents is undocumented.
    if classType == .opaque || classType == nil {
      let name = (try? text("its name")) ?? ""
      return MATVariable(name: name, classType: classType, isComplex: false, dimensions: [], element: element)
    }
    let lengths = try integers(MATDataType.int32, limit: Self.rankLimit, "\(place): its dimensions")
    let dimensions = lengths.map { Int(Int32(bitPattern: $0)) }
    guard dimensions.allSatisfy({ $0 >= 0 }) else {
      throw MATProblem("\(place) has the dimensions \(dimensions), and none can be negative")
    }
    let name = try text("\(place): its name")
    return MATVariable(
      name: name, classType: classType, isComplex: flags[0] & 0x0800 != 0, dimensions: dimensions, element: element)
  }

  /// The real numbers of a variable after its description; there must be `count` of them.
  mutating func numbers(_ count: Int) throws(MATProblem) -> [Float] {
    let tag = try self.tag("its numbers")
    guard let size = MATDataType.size(tag.type) else {
      throw MATProblem("its numbers are of type \(tag.type), which is none of numbers")
    }
    guard CheckedSize.multiply(count, size) == tag.length else {
      throw MATProblem(
        "its dimensions make \(count) numbers, and it holds \(tag.length / size) (\(tag.length) bytes of \(size) each)")
    }
    // The tag's length is only a claim: memory is allocated only if that many bytes can be there.
    let left = min(rest, source.mostLeft)
    guard tag.length <= left else {
      throw MATProblem("it is cut off: it claims \(tag.length) bytes of numbers and has at most \(left)")
    }
    return switch tag.type {
    case 1: try values(count) { Float(Int8(bitPattern: $0)) }
    case 2: try values(count) { Float($0 as UInt8) }
    case 3: try values(count) { Float(Int16(bitPattern: $0)) }
    case 4: try values(count) { Float($0 as UInt16) }
    case 5: try values(count) { Float(Int32(bitPattern: $0)) }
    case 6: try values(count) { Float($0 as UInt32) }
    case 7: try values(count) { Float(bitPattern: $0) }
    case 9: try values(count) { Float(Double(bitPattern: $0)) }
    case 12: try values(count) { Float(Int64(bitPattern: $0)) }
    default: try values(count) { Float($0 as UInt64) }
    }
  }

  private mutating func values<Word: FixedWidthInteger>(
    _ count: Int, _ convert: (Word) -> Float
  ) throws(MATProblem) -> [Float] {
    let size = MemoryLayout<Word>.size
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
    defer { piece.deallocate() }
    var result = [Float]()
    result.reserveCapacity(count)
    while result.count < count {
      let wanted = min(piece.count, (count - result.count) * size)
      try fill(UnsafeMutableRawBufferPointer(rebasing: piece[..<wanted]), "its numbers")
      for offset in stride(from: 0, to: wanted, by: size) {
        let word = piece.load(fromByteOffset: offset, as: Word.self)
        result.append(convert(isLittleEndian ? Word(littleEndian: word) : Word(bigEndian: word)))
      }
    }
    guard rest < 8 else { throw MATProblem("\(rest) bytes follow its numbers") }
    try fill(UnsafeMutableRawBufferPointer(rebasing: piece[..<rest]), "its last bytes")
    try source.finish()
    return result
  }
}

extension MATElementReader {
  /// The type and length of a data element. A small element, of at most four bytes, is part of its tag.
  private mutating func tag(_ what: String) throws(MATProblem) -> (type: UInt32, length: Int, isSmall: Bool) {
    let first = try words(1, what)[0]
    guard first >> 16 == 0 else {
      guard first >> 16 <= 4 else { throw MATProblem("\(what) are damaged: a small element of \(first >> 16) bytes") }
      return (first & 0xFFFF, Int(first >> 16), true)
    }
    return (first, Int(try words(1, what)[0]), false)
  }

  /// The bytes of a data element of one of the given types, at most `limit`; its padding is skipped.
  private mutating func bytes(
    of types: [UInt32], limit: Int, _ what: String
  ) throws(MATProblem) -> [UInt8] {
    let tag = try tag(what)
    guard types.contains(tag.type), tag.length <= limit else {
      throw MATProblem("\(what) are damaged: \(tag.length) bytes of type \(tag.type)")
    }
    let whole = tag.isSmall ? 4 : (tag.length + 7) / 8 * 8
    return Array(try bytes(whole, what).prefix(tag.length))
  }

  private mutating func integers(_ type: UInt32, limit: Int, _ what: String) throws(MATProblem) -> [UInt32] {
    let bytes = try bytes(of: [type], limit: 4 * limit, what)
    guard bytes.count.isMultiple(of: 4) else { throw MATProblem("\(what) are damaged: \(bytes.count) bytes") }
    return integers(bytes)
  }

  private mutating func text(_ what: String) throws(MATProblem) -> String {
    let types = [MATDataType.int8, MATDataType.uint8, MATDataType.utf8]
    return String(decoding: try bytes(of: types, limit: Self.nameLimit, what).prefix { $0 != 0 }, as: UTF8.self)
  }

  private mutating func words(_ count: Int, _ what: String) throws(MATProblem) -> [UInt32] {
    integers(try bytes(4 * count, what))
  }

  private func integers(_ bytes: [UInt8]) -> [UInt32] {
    stride(from: 0, to: bytes.count, by: 4).map { start in
      (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * (isLittleEndian ? $1 : 3 - $1)) }
    }
  }

  private mutating func bytes(_ count: Int, _ what: String) throws(MATProblem) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let result = bytes.withUnsafeMutableBytes { buffer in
      Result { () throws(MATProblem) in try fill(buffer, what) }
    }
    try result.get()
    return bytes
  }

  private mutating func fill(_ buffer: UnsafeMutableRawBufferPointer, _ what: String) throws(MATProblem) {
    guard buffer.count <= rest, try source.read(into: buffer) == buffer.count else {
      throw MATProblem("\(what) are cut off")
    }
    rest -= buffer.count
  }
}
