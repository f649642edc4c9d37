import Randomness
import Tensors
import TestSupport
import Testing

/// Sums, dot products and broadcasts against loops in double precision.
@Suite struct ReductionTests {
  private static let shapes = [[1, 1], [3, 7], [5, 64], [130, 65], [2, 1000]]

  /// Rounding of a result whose size is about `size`.
  private func rounding(_ type: ElementType, _ size: Double) -> Double {
    (type == .float32 ? 1.2e-7 : 4e-15) * size
  }

  @Test(arguments: shapes, ElementType.allCases)
  func `sums and dot products of rows`(_ shape: [Int], _ type: ElementType) {
    let (rows, columns) = (shape[0], shape[1])
    let (a, b) = (normals(shape, 0, type), normals(shape, 1, type))
    let (x, y) = (a.doubles(), b.doubles())
    let sums = (0..<rows).map { row in (0..<columns).reduce(0) { $0 + x[row * columns + $1] } }
    let dots = (0..<rows).map { row in
      (0..<columns).reduce(0) { $0 + x[row * columns + $1] * y[row * columns + $1] }
    }
    #expect(largestDifference(a.sumOfLastAxis(), sums) <= rounding(type, 100))
    #expect(largestDifference(a.rowDots(b), dots) <= rounding(type, 100))
    #expect(abs(a.sumOfSquares() - x.reduce(0) { $0 + $1 * $1 }) < 1e-9)
    #expect(abs(a.mean() - x.reduce(0, +) / Double(a.count)) < 1e-12)
  }

  @Test(arguments: shapes, ElementType.allCases)
  func `sums of columns are added`(_ shape: [Int], _ type: ElementType) {
    let (rows, columns) = (shape[0], shape[1])
    let matrix = normals(shape, 0, type)
    var sums = normals([columns], 1, type)
    let (x, before) = (matrix.doubles(), sums.doubles())
    sums.addColumnSums(of: matrix, rows: rows, scale: -0.5)
    let expected = (0..<columns).map { column in
      before[column] - 0.5 * (0..<rows).reduce(0) { $0 + x[$1 * columns + column] }
    }
    #expect(largestDifference(sums, expected) <= rounding(type, 300))
  }

  @Test(arguments: shapes, ElementType.allCases)
  func `a row is added to the first rows`(_ shape: [Int], _ type: ElementType) {
    let (rows, columns) = (shape[0], shape[1])
    let row = normals([columns], 0, type)
    var matrix = normals(shape, 1, type)
    let (x, y) = (row.doubles(), matrix.doubles())
    let some = (rows + 1) / 2
    row.addToRows(some, of: &matrix, scale: 0.5)
    let expected = y.enumerated().map { $0 < some * columns ? $1 + 0.5 * x[$0 % columns] : $1 }
    #expect(largestDifference(matrix, expected) <= rounding(type, 10))
  }

  @Test(arguments: shapes, ElementType.allCases)
  func `rows are scaled and numbers spread over rows`(_ shape: [Int], _ type: ElementType) {
    let columns = shape[1]
    let (factors, matrix) = (normals([shape[0]], 0, type), normals(shape, 1, type))
    let (s, x) = (factors.doubles(), matrix.doubles())
    #expect(
      largestDifference(matrix.scalingRows(by: factors), x.enumerated().map { s[$0 / columns] * $1 })
        <= rounding(type, 20))
    #expect(largestDifference(factors.broadcast(over: columns), x.indices.map { s[$0 / columns] }) <= 0)
  }

  @Test(arguments: 1...9, ElementType.allCases)
  func `linear combinations of any number of terms`(_ count: Int, _ type: ElementType) {
    let tensors = (0..<count).map { normals([3, 41], UInt64($0), type) }
    let coefficients = (0..<count).map { Double($0) - 2.25 }
    let result = Tensor.linearCombination(zip(coefficients, tensors).map { ($0, $1) })
    let expected = (0..<result.count).map { i in
      zip(coefficients, tensors).reduce(0) { $0 + $1.0 * $1.1.doubles()[i] }
    }
    #expect(largestDifference(result, expected) <= rounding(type, 100))
  }

  @Test(arguments: ElementType.allCases)
  func `errors are measured for each sample in units of its tolerance`(_ type: ElementType) {
    let before = Tensor([1.0, -2, 0, 10], shape: [2, 2]).converted(to: type)
    let after = Tensor([-3.0, 1, 0, 5], shape: [2, 2]).converted(to: type)
    let derivative = Tensor([1.0, 2, 4, 8], shape: [2, 2]).converted(to: type)
    let squares = Tensor.scaledErrorSquares(
      [(0.5, derivative), (-1, derivative)], before: before, after: after, absoluteTolerance: 0.5,
      relativeTolerance: 0.25, samples: 2)
    // Tolerances 0.5 + 0.25 times 3, 2, 0 and 10; errors -0.5, -1, -2 and -4.
    let expected = [0.25 / (1.25 * 1.25) + 1, 16 + 16.0 / 9]
    for (a, b) in zip(squares, expected) { #expect(abs(a - b) < 1e-12) }
  }
}
