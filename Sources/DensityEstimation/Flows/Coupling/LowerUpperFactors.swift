import Foundation
import Randomness

/// Factors of a square matrix A, in double precision: A[order[i]] = (L U)[i] row by row, with ones on L's diagonal.
///
/// Both triangles are in one matrix, row-major: L below the diagonal, U on it and above.
struct LowerUpperFactors {
  /// The number of rows.
  let count: Int
  /// L below the diagonal, U on it and above.
  private(set) var numbers: [Double]
  /// The row of A that each row of L U is.
  private(set) var order: [Int]

  /// Known factors.
  init(count: Int, numbers: [Double], order: [Int]) {
    self.count = count
    self.numbers = numbers
    self.order = order
  }

  /// The factors of a matrix, by elimination with partial pivoting.
  init(of matrix: [Double], count: Int) {
    let n = count
    (self.count, numbers, order) = (n, matrix, Array(0..<n))
    for k in 0..<n {
      let pivot = (k..<n).max { abs(numbers[$0 * n + k]) < abs(numbers[$1 * n + k]) } ?? k
      if pivot != k {
        order.swapAt(k, pivot)
        for j in 0..<n { numbers.swapAt(k * n + j, pivot * n + j) }
      }
      for i in (k + 1)..<max(n, k + 1) {
        numbers[i * n + k] /= numbers[k * n + k]
        for j in (k + 1)..<n { numbers[i * n + j] -= numbers[i * n + k] * numbers[k * n + j] }
      }
    }
  }

  /// The factors of a random rotation: of the orthonormal columns, by Gram and Schmidt, of a matrix of normal numbers.
  init(ofRotation count: Int, _ stream: RandomStream) {
    let n = count
    var rows = stream.normals(0..<(n * n)).map { Double($0) }
    func dot(_ i: Int, _ j: Int) -> Double { (0..<n).reduce(0) { $0 + rows[i * n + $1] * rows[j * n + $1] } }
    for i in 0..<n {
      // Twice, since once leaves rounding errors in the direction of the rows before.
      for _ in 0..<2 {
        for j in 0..<i {
          let overlap = dot(i, j)
          for k in 0..<n { rows[i * n + k] -= overlap * rows[j * n + k] }
        }
      }
      let norm = dot(i, i).squareRoot()
      for k in 0..<n { rows[i * n + k] /= norm }
    }
    self.init(of: rows, count: n)
  }

  /// Solves A x = b by two triangular systems, for each row of `right`, `[rows, count]`.
  func solve(_ right: [Double]) -> [Double] {
    let n = count
    var x = right
    var row = [Double](repeating: 0, count: n)
    for start in stride(from: 0, to: right.count, by: n) {
      for i in 0..<n {
        var sum = right[start + order[i]]
        for j in 0..<i { sum -= numbers[i * n + j] * row[j] }
        row[i] = sum
      }
      for i in (0..<n).reversed() {
        var sum = row[i]
        for j in (i + 1)..<max(n, i + 1) { sum -= numbers[i * n + j] * row[j] }
        row[i] = sum / numbers[i * n + i]
        x[start + i] = row[i]
      }
    }
    return x
  }
}
