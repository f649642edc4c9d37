/// The eigenvalues and eigenvectors of a symmetric matrix, by Jacobi's method.
///
/// Rotations in the plane of two axes make one off-diagonal entry after another zero, row by row, until all are
/// (Jacobi 1846; Golub and Van Loan, "Matrix Computations", section 8.5).
struct SymmetricEigenvalues {
  /// The eigenvalues, in no order.
  let values: [Double]
  /// The eigenvector of each eigenvalue, of length one.
  let vectors: [[Double]]

  /// Convergence is quadratic: so many sweeps are never needed.
  private static let sweepLimit = 60

  /// - Parameter matrix: A symmetric matrix of finite numbers, row by row.
  init(of matrix: [[Double]]) {
    let n = matrix.count
    var a = matrix
    // A row for each eigenvector.
    var v = (0..<n).map { i in (0..<n).map { $0 == i ? 1.0 : 0 } }
    let scale = matrix.flatMap { $0 }.reduce(0) { max($0, abs($1)) }
    for _ in 0..<Self.sweepLimit {
      var isDiagonal = true
      for p in 0..<n {
        for q in (p + 1)..<max(n, p + 1) where abs(a[p][q]) > scale * 1e-15 {
          isDiagonal = false
          let theta = (a[q][q] - a[p][p]) / (2 * a[p][q])
          let t = (theta < 0 ? -1 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
          let c = 1 / (t * t + 1).squareRoot()
          let s = t * c
          for k in 0..<n { (a[k][p], a[k][q]) = (c * a[k][p] - s * a[k][q], s * a[k][p] + c * a[k][q]) }
          for k in 0..<n { (a[p][k], a[q][k]) = (c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]) }
          for k in 0..<n { (v[p][k], v[q][k]) = (c * v[p][k] - s * v[q][k], s * v[p][k] + c * v[q][k]) }
        }
      }
      if isDiagonal { break }
    }
    values = (0..<n).map { a[$0][$0] }
    vectors = v
  }
}
