import Files

/// The kind of the numbers in an array of a file.
package enum NumberKind: Sendable, Hashable {
  case boolean
  case integer
  case floating
}

/// An array of numbers from a file, before its axes are interpreted.
package struct NumberArray<Number: BinaryFloatingPoint & Sendable>: Sendable {
  /// The length of each axis.
  package let shape: [Int]
  /// Whether the array is column-major, as in Fortran and MATLAB, or row-major, as in C.
  package let isFirstIndexFastest: Bool
  /// The kind of the numbers.
  package let kind: NumberKind
  /// The numbers, in the order of the file.
  package let values: [Number]
}

/// The memory that reading arrays takes.
package enum ArrayMemory {
  /// The most memory that a number takes on its way from a file to a dataset's splits, in bytes: at most 8 when it is
  /// decompressed, and 4 for each of two copies in single precision (as read, and rearranged), or 4 for each of three
  /// copies (as read, scaled, and in its split).
  static let bytesPerNumber = 16
  /// The same for numbers that are read in double precision: 8 when decompressed, and for each of two copies.
  static let bytesPerDouble = 24

  /// Checks that reading an array takes no more memory than its file may, and than there is.
  ///
  /// - Parameters:
  ///   - count: The number of elements that the file claims; nil where it overflows.
  ///   - path: The file that errors name.
  ///   - fileSize: The file's size in bytes.
  ///   - memoryLimit: How much memory its contents may take.
  ///   - inDoublePrecision: Whether they are read so.
  /// - Throws: ``DatasetError/tooLarge(path:claim:limit:)``, ``DatasetError/notEnoughMemory(path:needed:available:)``.
  package static func check(
    _ count: Int?, path: String, fileSize: Int, _ memoryLimit: MemoryLimit, inDoublePrecision isDouble: Bool = false
  ) throws(DatasetError) {
    let limit = memoryLimit.byteCount(forFileOf: fileSize)
    let claim = count.flatMap { CheckedSize.multiply($0, isDouble ? bytesPerDouble : bytesPerNumber) }
    guard let claim, claim <= limit else { throw .tooLarge(path: path, claim: claim, limit: limit) }
    if let available = AvailableMemory().byteCount, claim > available {
      throw .notEnoughMemory(path: path, needed: claim, available: available)
    }
  }
}
