import Files

/// An array of numbers as a file holds it, before anyone says what its axes mean.
struct NumberArray: Sendable {
  /// What the numbers are.
  enum Kind: Sendable, Hashable {
    case boolean
    case integer
    case floating
  }

  /// The length of each axis.
  let shape: [Int]
  /// True where the first index runs fastest, as in Fortran and MATLAB; else the last does, as in C.
  let isFirstIndexFastest: Bool
  /// What the numbers are.
  let kind: Kind
  /// The numbers, in the order of the file.
  let values: [Float]

  /// The most memory that a number takes on its way from a file to a dataset's splits: unpacked, at most 8 bytes, and in
  /// single precision as read and as laid out; or in single precision as read, scaled, and in its split.
  static let bytesPerNumber = 16

  /// Checks that reading so many numbers takes no more memory than the file may.
  ///
  /// - Parameters:
  ///   - count: How many numbers the file claims; nil for more than can be counted.
  ///   - fileSize: The file's size in bytes.
  /// - Throws: ``DatasetError/tooLarge(path:claim:limit:)``.
  static func check(
    _ count: Int?, path: String, fileSize: Int, _ memoryLimit: MemoryLimit
  ) throws(DatasetError) {
    let limit = memoryLimit.byteCount(forFileOf: fileSize)
    let claim = count.flatMap { CheckedSize.multiply($0, bytesPerNumber) }
    guard let claim, claim <= limit else { throw .tooLarge(path: path, claim: claim, limit: limit) }
  }
}
