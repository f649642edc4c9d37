/// An array of numbers as a file holds it, before anyone says what its axes mean.
struct NumberArray: Sendable {
  /// What the numbers are.
  enum Kind: Sendable, Hashable {
    case boolean
    case integer
    case floating
  }

  /// The most numbers that are read: 2 GiB of them in single precision.
  static let countLimit = 1 << 29

  /// The length of each axis.
  let shape: [Int]
  /// True where the first index runs fastest, as in Fortran and MATLAB; else the last does, as in C.
  let isFirstIndexFastest: Bool
  /// What the numbers are.
  let kind: Kind
  /// The numbers, in the order of the file.
  let values: [Float]

  /// How many numbers an array of that shape holds; nil where that is more than are read.
  static func count(of shape: [Int]) -> Int? {
    var count = 1
    for length in shape {
      let (product, isOverflow) = count.multipliedReportingOverflow(by: length)
      guard length >= 0, !isOverflow, product <= countLimit else { return nil }
      count = product
    }
    return count
  }
}
