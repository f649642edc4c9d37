/// The header of an NPY file: the type of the numbers, and their layout.
///
/// Source: NumPy's documentation of `numpy.lib.format`, versions 1.0 to 3.0.
package struct NPYHeader: Sendable {
  /// The first bytes of every NPY file.
  package static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  /// The greatest length of a header; one of an array of numbers takes 128 bytes.
  package static let limit = 1 << 16

  /// The kinds of numbers that can be read.
  package enum Element: Character, Sendable {
    case boolean = "b"
    case signed = "i"
    case unsigned = "u"
    case floating = "f"
  }

  /// The kind of the numbers.
  package let element: Element
  /// The size of a number in bytes.
  package let size: Int
  /// Whether the numbers are big-endian.
  package let isBigEndian: Bool
  /// Whether the array is column-major (Fortran order).
  package let isFirstIndexFastest: Bool
  /// The length of each axis.
  package let shape: [Int]
  /// The offset of the first number in the file.
  package let dataOffset: Int

  /// The size of all numbers in bytes; nil where it overflows.
  package var byteCount: Int? { CheckedSize.product(shape + [size]) }

  /// Parses the header at the start of `bytes`: the first ``limit`` bytes of a file, or the whole file.
  ///
  /// - Throws: ``NPYProblem``.
  package init(_ bytes: some RandomAccessCollection<UInt8>) throws(NPYProblem) {
    let bytes = Array(bytes.prefix(Self.limit))
    guard bytes.starts(with: Self.magic) else { throw NPYProblem("it does not begin like an NPY file") }
    guard bytes.count >= 12 else { throw NPYProblem("its header is cut off") }
    let version = bytes[6]
    guard (1...3).contains(version) else { throw NPYProblem("its format version \(version) is unknown") }
    let lengthBytes = version == 1 ? 2 : 4
    let length = (0..<lengthBytes).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
    let start = 8 + lengthBytes
    guard length <= Self.limit - start else { throw NPYProblem("its header claims \(length) bytes") }
    guard bytes.count >= start + length else { throw NPYProblem("its header is cut off") }
    var scanner = NPYHeaderScanner(bytes[start..<start + length])
    let fields = try scanner.fields()
    let type = try Self.type(fields.descr)
    element = type.element
    size = type.size
    isBigEndian = type.isBigEndian
    isFirstIndexFastest = fields.isFortranOrder
    shape = fields.shape
    dataOffset = start + length
  }

  private static func type(
    _ descr: String
  ) throws(NPYProblem) -> (element: Element, size: Int, isBigEndian: Bool) {
    var letters = descr[...]
    let order = letters.first.flatMap { "<>|=".contains($0) ? letters.removeFirst() : nil }
    if letters.first == "O" {
      throw NPYProblem(
        "it is an object array (pickled Python objects), and reading it could run code; save it as numbers, "
          + "for example with .astype(numpy.uint8)")
    }
    guard let element = letters.first.flatMap(Element.init), let size = Int(letters.dropFirst()),
      (element == .boolean ? [1] : element == .floating ? [4, 8] : [1, 2, 4, 8]).contains(size)
    else {
      throw NPYProblem(
        "its type '\(descr.prefix(24))' is not read; save it as bool, integers, float32 or float64")
    }
    return (element, size, order == ">")
  }
}

extension NPYHeader {
  /// The header of an array of little-endian numbers in single or double precision, row-major: the bytes of version 1.0, up
  /// to the first number.
  package static func encoded(floatsOfShape shape: [Int], isDouble: Bool = false) -> [UInt8] {
    let sizes = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var dictionary = "{'descr': '<f\(isDouble ? 8 : 4)', 'fortran_order': False, 'shape': (\(sizes)), }"
    // Numbers begin at a multiple of 64 bytes, after a line feed.
    let padding = 64 - (10 + dictionary.utf8.count + 1) % 64
    dictionary += String(repeating: " ", count: padding % 64) + "\n"
    let length = dictionary.utf8.count
    return magic + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)] + Array(dictionary.utf8)
  }
}

/// What is wrong with an NPY file, in words.
package struct NPYProblem: Error {
  package let reason: String

  package init(_ reason: String) {
    self.reason = reason
  }
}

/// Reads the header's text, a Python dictionary of three entries.
private struct NPYHeaderScanner {
  private var rest: ArraySlice<UInt8>

  init(_ text: ArraySlice<UInt8>) {
    rest = text
  }

  mutating func fields() throws(NPYProblem) -> (descr: String, isFortranOrder: Bool, shape: [Int]) {
    var descr: String?
    var isFortranOrder: Bool?
    var shape: [Int]?
    try expect("{")
    while !take("}") {
      let key = try string()
      try expect(":")
      switch key {
      case "descr":
        guard peek() != UInt8(ascii: "[") else {
          throw NPYProblem(
            "it is a structured array, with named fields; save its images as an array of numbers")
        }
        descr = try string()
      case "fortran_order": isFortranOrder = try boolean()
      case "shape": shape = try tuple()
      default: throw NPYProblem("its header has an entry that is unknown")
      }
      if !take(",") {
        try expect("}")
        break
      }
    }
    guard let descr, let isFortranOrder, let shape else { throw NPYProblem("its header is incomplete") }
    return (descr, isFortranOrder, shape)
  }

  private mutating func string() throws(NPYProblem) -> String {
    guard let quote = peek(), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else { throw damaged }
    rest.removeFirst()
    guard let end = rest.firstIndex(of: quote) else { throw damaged }
    let text = rest[rest.startIndex..<end]
    // The text appears in messages, and must not contain what a terminal would interpret.
    guard text.allSatisfy({ (0x20...0x7E).contains($0) }) else { throw damaged }
    rest = rest[(end + 1)...]
    return String(decoding: text, as: UTF8.self)
  }

  private mutating func boolean() throws(NPYProblem) -> Bool {
    for (word, value) in [("True", true), ("False", false)] {
      if peek() != nil, rest.starts(with: word.utf8) {
        rest.removeFirst(word.utf8.count)
        return value
      }
    }
    throw damaged
  }

  private mutating func tuple() throws(NPYProblem) -> [Int] {
    var numbers = [Int]()
    try expect("(")
    while !take(")") {
      _ = peek()
      let digits = rest.prefix { (0x30...0x39).contains($0) }
      guard let number = Int(String(decoding: digits, as: UTF8.self)), numbers.count < 32 else {
        throw damaged
      }
      rest = rest[digits.endIndex...]
      // Python 2 wrote an L after a long integer.
      _ = take("L")
      numbers.append(number)
      if !take(",") {
        try expect(")")
        break
      }
    }
    return numbers
  }

  /// The next byte that is not white space.
  private mutating func peek() -> UInt8? {
    rest = rest.drop { $0 == 0x20 || $0 == 0x0A }
    return rest.first
  }

  private mutating func take(_ character: Character) -> Bool {
    guard let byte = peek(), byte == character.asciiValue else { return false }
    rest.removeFirst()
    return true
  }

  private mutating func expect(_ character: Character) throws(NPYProblem) {
    guard take(character) else { throw damaged }
  }

  private var damaged: NPYProblem { NPYProblem("its header is damaged") }
}
