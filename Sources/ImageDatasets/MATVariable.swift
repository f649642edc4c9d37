import CMatIO

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
  /// The name, without what could command a terminal.
  let name: String
  let classType: matio_classes
  let isComplex: Bool
  let dimensions: [Int]

  /// Nil for a variable without a name, which cannot be asked for.
  init?(_ variable: matvar_t) {
    guard let name = variable.name else { return nil }
    self.name = Self.printable(String(cString: name))
    classType = variable.class_type
    isComplex = variable.isComplex != 0
    guard let start = variable.dims, variable.rank > 0, variable.rank <= 64 else {
      dimensions = []
      return
    }
    dimensions = UnsafeBufferPointer(start: start, count: Int(variable.rank)).map { Int(clamping: $0) }
  }

  /// True where this is the matrix asked for.
  func matches(_ matrix: MATMatrix) -> Bool {
    let isOfClass =
      switch matrix.element {
      case .floating: classType == MAT_C_SINGLE || classType == MAT_C_DOUBLE
      case .byte: classType == MAT_C_UINT8 || classType == MAT_C_SINGLE || classType == MAT_C_DOUBLE
      }
    return isOfClass && !isComplex && dimensions == [matrix.rows, matrix.columns]
  }

  /// What the variable's numbers are, or nil where it holds anything but real numbers.
  var kind: NumberArray.Kind? {
    guard !isComplex, !dimensions.isEmpty else { return nil }
    switch classType {
    case MAT_C_SINGLE, MAT_C_DOUBLE: return .floating
    case MAT_C_INT8, MAT_C_UINT8, MAT_C_INT16, MAT_C_UINT16, MAT_C_INT32, MAT_C_UINT32, MAT_C_INT64,
      MAT_C_UINT64:
      return .integer
    default: return nil
    }
  }

  /// The dimensions and the class, in words.
  var description: String {
    let names = [
      "empty", "cell", "struct", "object", "char", "sparse", "double", "single", "int8", "uint8", "int16",
      "uint16", "int32", "uint32", "int64", "uint64", "function", "opaque",
    ]
    let index = Int(classType.rawValue)
    let size =
      dimensions.isEmpty ? "without dimensions" : dimensions.map(String.init).joined(separator: " x ")
    return "\(isComplex ? "complex, " : "")\(size), of class "
      + (names.indices.contains(index) ? names[index] : "\(index)")
  }

  private static func printable(_ name: String) -> String {
    String(
      name.map { character in
        character.isLetter || character.isNumber || character == "_" ? character : "?"
      })
  }
}
