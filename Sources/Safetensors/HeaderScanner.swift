import Files

/// Reads the JSON of a header, byte by byte.
///
/// Foundation's decoders silently drop duplicate keys and read integers as floating-point numbers; both would let a
/// malformed header pass. JSON's grammar (RFC 8259) is small enough to be read directly, which also gives every error
/// an offset.
struct HeaderScanner {
  /// What is wrong, and at which byte.
  struct Failure: Error {
    let reason: String
    let offset: Int
  }

  /// The deepest nesting of values that is accepted, so that no header exhausts the stack.
  private static let maximumDepth = 64

  private let bytes: [UInt8]
  private(set) var offset = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// The next byte that is not white space, not consumed; nil at the end.
  mutating func peek() -> UInt8? {
    while offset < bytes.count {
      switch bytes[offset] {
      case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): offset += 1
      default: return bytes[offset]
      }
    }
    return nil
  }

  /// Consumes the given character, which must come next.
  mutating func expect(_ character: Unicode.Scalar) throws(Failure) {
    guard peek() == UInt8(ascii: character) else { throw failure("\"\(character)\" expected") }
    offset += 1
  }

  /// Consumes the given word (`null`, `true`, `false`) if it comes next.
  mutating func consume(word: StaticString) -> Bool {
    _ = peek()
    let matches = word.withUTF8Buffer { bytes[offset...].starts(with: $0) }
    if matches { offset += word.utf8CodeUnitCount }
    return matches
  }

  /// Walks an object's members: `member` is called with each key, and must consume the value.
  mutating func object(
    _ member: (inout HeaderScanner, String, Int) throws(Failure) -> Void
  ) throws(Failure) {
    try expect("{")
    if peek() == UInt8(ascii: "}") {
      offset += 1
      return
    }
    while true {
      _ = peek()
      let start = offset
      let key = try string()
      try expect(":")
      try member(&self, key, start)
      if peek() == UInt8(ascii: ",") {
        offset += 1
      } else {
        return try expect("}")
      }
    }
  }

  /// Walks an array's elements: `element` is called before each, and must consume it.
  mutating func array(_ element: (inout HeaderScanner) throws(Failure) -> Void) throws(Failure) {
    try expect("[")
    if peek() == UInt8(ascii: "]") {
      offset += 1
      return
    }
    while true {
      try element(&self)
      if peek() == UInt8(ascii: ",") {
        offset += 1
      } else {
        return try expect("]")
      }
    }
  }

  /// An array of non-negative integers.
  mutating func naturals() throws(Failure) -> [Int] {
    var values: [Int] = []
    try array { (scanner) throws(Failure) in values.append(try scanner.natural()) }
    return values
  }

  /// A non-negative integer that fits in `Int`; no fraction, no exponent.
  mutating func natural() throws(Failure) -> Int {
    _ = peek()
    let start = offset
    var value = 0
    while offset < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[offset]) {
      let digit = Int(bytes[offset] - UInt8(ascii: "0"))
      guard let sum = CheckedSize.multiply(value, 10).flatMap({ CheckedSize.add($0, digit) }) else {
        throw Failure(reason: "the number is too large", offset: start)
      }
      value = sum
      offset += 1
    }
    let length = offset - start
    let isFractional = offset < bytes.count && [UInt8(ascii: "."), 0x45, 0x65].contains(bytes[offset])
    guard length > 0, !isFractional, length == 1 || bytes[start] != UInt8(ascii: "0") else {
      throw Failure(reason: "a non-negative integer expected", offset: start)
    }
    return value
  }

  /// A string, with its escapes resolved.
  mutating func string() throws(Failure) -> String {
    try expect("\"")
    let start = offset
    var content: [UInt8] = []
    while offset < bytes.count {
      let byte = bytes[offset]
      switch byte {
      case UInt8(ascii: "\""):
        offset += 1
        guard let text = String(validating: content, as: UTF8.self) else {
          throw Failure(reason: "a string is not valid UTF-8", offset: start)
        }
        return text
      case UInt8(ascii: "\\"):
        offset += 1
        let scalar = try escape()
        content.append(contentsOf: String(scalar).utf8)
      case 0..<0x20:
        throw failure("a control character within a string")
      default:
        content.append(byte)
        offset += 1
      }
    }
    throw Failure(reason: "a string does not end", offset: start)
  }

  /// Consumes any value, checking its syntax.
  mutating func skipValue(depth: Int = 0) throws(Failure) {
    guard depth < Self.maximumDepth else { throw failure("values nest too deeply") }
    switch peek() {
    case UInt8(ascii: "{"):
      try object { (scanner, _, _) throws(Failure) in try scanner.skipValue(depth: depth + 1) }
    case UInt8(ascii: "["):
      try array { (scanner) throws(Failure) in try scanner.skipValue(depth: depth + 1) }
    case UInt8(ascii: "\""):
      _ = try string()
    default:
      if consume(word: "true") || consume(word: "false") || consume(word: "null") { return }
      try skipNumber()
    }
  }

  private mutating func skipNumber() throws(Failure) {
    let start = offset
    let characters = "+-.0123456789eE".utf8
    while offset < bytes.count, characters.contains(bytes[offset]) { offset += 1 }
    // Double accepts some forms of these characters that JSON forbids, such as "01" and "1.", which are harmless in a
    // value that is skipped.
    guard Double(String(decoding: bytes[start..<offset], as: UTF8.self)) != nil else {
      throw Failure(reason: "a value expected", offset: start)
    }
  }

  /// The character that an escape stands for, after its backslash; joins surrogate pairs.
  private mutating func escape() throws(Failure) -> Unicode.Scalar {
    guard offset < bytes.count else { throw failure("a string does not end") }
    let kind = bytes[offset]
    offset += 1
    switch kind {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(kind)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      let first = try hexadecimal()
      if let scalar = Unicode.Scalar(first) { return scalar }
      guard (0xD800..<0xDC00).contains(first), bytes[offset...].starts(with: "\\u".utf8) else {
        throw failure("half a surrogate pair")
      }
      offset += 2
      let second = try hexadecimal()
      guard (0xDC00..<0xE000).contains(second),
        let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
      else { throw failure("half a surrogate pair") }
      return scalar
    default:
      throw failure("an unknown escape")
    }
  }

  private mutating func hexadecimal() throws(Failure) -> UInt32 {
    guard bytes.count - offset >= 4 else { throw failure("a string does not end") }
    var value: UInt32 = 0
    for byte in bytes[offset..<offset + 4] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw failure("four hexadecimal digits expected")
      }
      value = value << 4 | UInt32(digit)
    }
    offset += 4
    return value
  }

  private func failure(_ reason: String) -> Failure {
    Failure(reason: reason, offset: offset)
  }
}
