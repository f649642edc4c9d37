/// A real matrix of a MAT file, by the name, the shape and the kind of numbers it must have.
struct MATMatrix: Sendable {
  /// The kinds of numbers that a dataset's file may hold.
  enum Element: Sendable {
    /// Class single or double.
    case floating
    /// Class single, double or uint8: what holds a byte's numbers.
    case byte
  }

  let name: String
  let rows: Int
  let columns: Int
  var element = Element.floating
}

/// A variable's name, class and dimensions, as a file claims them.
struct MATVariable: Sendable, CustomStringConvertible {
  /// What a variable is, as the format numbers it.
  enum Class: UInt8, Sendable {
    case cell = 1
    case structure, object, character, sparse, double, single
    case int8, uint8, int16, uint16, int32, uint32, int64, uint64, function, opaque
  }

  /// The name, without what could command a terminal.
  let name: String
  /// Nil for a class that is unknown.
  let classType: Class?
  let isComplex: Bool
  let dimensions: [Int]
  /// Where it lies in the file.
  let element: MATFrame.Element

  init(name: String, classType: Class?, isComplex: Bool, dimensions: [Int], element: MATFrame.Element) {
    self.name = Self.printable(name)
    self.classType = classType
    self.isComplex = isComplex
    self.dimensions = dimensions
    self.element = element
  }

  /// True where this is the matrix asked for.
  func matches(_ matrix: MATMatrix) -> Bool {
    let isOfClass =
      switch matrix.element {
      case .floating: classType == .single || classType == .double
      case .byte: classType == .uint8 || classType == .single || classType == .double
      }
    return isOfClass && !isComplex && dimensions == [matrix.rows, matrix.columns]
  }

  /// What the variable's numbers are, or nil where it holds anything but real numbers.
  var kind: NumberArray.Kind? {
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
