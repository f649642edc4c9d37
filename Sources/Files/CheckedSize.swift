/// Checked arithmetic on sizes that files claim: a result that overflows or is negative is nil, and never traps.
///
/// ```swift
/// guard let count = CheckedSize.product(header.shape) else { throw tooLarge }
/// ```
public enum CheckedSize {
  /// The product of sizes; nil where one is negative or an intermediate product overflows, even if a zero follows.
  public static func product(_ sizes: some Sequence<Int>) -> Int? {
    var product = 1
    for size in sizes {
      guard size >= 0, let next = multiply(product, size) else { return nil }
      product = next
    }
    return product
  }

  /// The product of two sizes; nil where it is negative or overflows.
  public static func multiply<Size: FixedWidthInteger>(_ a: Size, _ b: Size) -> Size? {
    let (product, isOverflow) = a.multipliedReportingOverflow(by: b)
    return isOverflow || product < 0 ? nil : product
  }

  /// The sum of two sizes; nil where it is negative or overflows.
  public static func add<Size: FixedWidthInteger>(_ a: Size, _ b: Size) -> Size? {
    let (sum, isOverflow) = a.addingReportingOverflow(b)
    return isOverflow || sum < 0 ? nil : sum
  }

  /// The strides of a contiguous array, in elements; nil where ``product(_:)`` is nil.
  ///
  /// - Parameters:
  ///   - shape: The length of each axis.
  ///   - isFirstIndexFastest: Whether the array is column-major, as in Fortran and MATLAB; by default it is row-major.
  public static func strides(_ shape: [Int], isFirstIndexFastest: Bool = false) -> [Int]? {
    var strides = [Int](repeating: 1, count: shape.count)
    var stride = 1
    for axis in isFirstIndexFastest ? Array(shape.indices) : shape.indices.reversed() {
      strides[axis] = stride
      guard let next = product([stride, shape[axis]]) else { return nil }
      stride = next
    }
    return strides
  }
}
