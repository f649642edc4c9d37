/// A real matrix that a MAT file must hold: its name, its shape and the kind of its numbers.
struct MATMatrix: Sendable {
  /// The kinds of numbers that are accepted.
  enum Element: Sendable {
    /// Class single or double.
    case floating
    /// Class single, double or uint8, all of which can hold bytes.
    case byte
  }

  let name: String
  let rows: Int
  let columns: Int
  var element = Element.floating
}

/// The description of a variable in a file: its name, class and dimensions.
struct MATVariable: Sendable, CustomStringConvertible {
  /// The class of a variable, as the format numbers it.
  enum Class: UInt8, Sendable {
    case cell = 1
    case structure, object, character, sparse, double, single
    case int8, uint8, int16, uint16, int32, uint32, int64, uint64, function, opaque
  }

  /// The name; characters that a terminal might interpret are replaced.
  let name: String
  /// The class; nil for an unknown one.
  let classType: Class?
  let isComplex: Bool
  let dimensions: [Int]
  /// Its element in the file.
  let element: MATFrame.Element

  init(name: String, classType: Class?, isComplex: Bool, dimensions: [Int], element: MATFrame.Element) {
    self.name = Self.printable(name)
    self.classType = classType
    self.isComplex = isComplex
    self.dimensions = dimensions
    self.element = element
  }

  /// Whether the variable has the class and the shape of a wanted matrix.
  func matches(_ matrix: MATMatrix) -> Bool {
    let isOfClass =
      switch matrix.element {
      case .floating: classType == .single || classType == .double
      case .byte: classType == .uint8 || classType == .single || classType == .double
      }
    return isOfClass && !isComplex && dimensions == [matrix.rows, matrix.columns]
  }

  /// The kind of the variable's numbers; nil where it does not hold real numbers.
  var kind: NumberKind? {
    guard !isComplex, !dimensions.isEmpty else { return nil }
    switch classType {
    case .single, .double: return .floating
    case .int8, .uint8, .int16, .uint16, .int32, .uint32, .int64, .uint64: return .integer
    default: return nil
    }
  }

  /// The dimensions and the class, in words.
  var description: String {
    let size =
      dimensions.isEmpty ? "without dimensions" : dimensions.map(String.init).joined(separator: " x ")
    let words =
      switch classType {
      case .structure: "struct"
      case .character: "char"
      case let known?: "\(known)"
      case nil: "unknown"
      }
    return "\(isComplex ? "complex, " : "")\(size), of class \(words)"
  }

  private static func printable(_ name: String) -> String {
    String(
      name.map { character in
        character.isLetter || character.isNumber || character == "_" ? character : "?"
      })
  }
}
