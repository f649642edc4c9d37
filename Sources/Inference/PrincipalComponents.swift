import Tensors

/// The principal components of vectors: the orthogonal directions in which they vary most.
///
/// They are the eigenvectors of the covariance (1/n) Σ (x - mean) (x - mean)ᵀ, with the greatest eigenvalues, which are
/// the variances along them (Pearson 1901; Hotelling 1933).
///
/// ```swift
/// let codes = try evaluator.codes(of: images, isMean: true).zT
/// let components = PrincipalComponents(of: codes, count: 2)
/// let map = components.coordinates(of: codes)   // [images][2]
/// ```
public struct PrincipalComponents: Sendable {
  /// The mean of the vectors, `[dimensions]`.
  public let mean: [Double]
  /// The directions, of length one, each `[dimensions]`; the entry of greatest magnitude is positive.
  public let directions: [[Double]]
  /// The share of the vectors' variance along each direction, in descending order; 0 where nothing varies.
  public let shares: [Double]

  /// The components of vectors.
  ///
  /// - Parameters:
  ///   - vectors: The vectors, `[n, dimensions]`; at least one.
  ///   - count: The number of components; at most the number of dimensions.
  public init(of vectors: Tensor, count: Int) {
    precondition(vectors.rank == 2 && vectors.shape[0] > 0, "PrincipalComponents: vectors of shape \(vectors.shape)")
    let (n, dimensions) = (vectors.shape[0], vectors.shape[1])
    precondition((1...dimensions).contains(count), "PrincipalComponents: \(count) of \(dimensions) dimensions")
    let rows = Self.rows(of: vectors)
    let mean = (0..<dimensions).map { column in rows.reduce(0) { $0 + $1[column] } / Double(n) }
    var covariance = [[Double]](repeating: [Double](repeating: 0, count: dimensions), count: dimensions)
    for row in rows {
      for i in 0..<dimensions {
        let a = row[i] - mean[i]
        for j in 0...i { covariance[i][j] += a * (row[j] - mean[j]) / Double(n) }
      }
    }
    for i in 0..<dimensions { for j in 0..<i { covariance[j][i] = covariance[i][j] } }
    let pairs = SymmetricEigenvalues(of: covariance)
    let order = pairs.values.indices.sorted { pairs.values[$0] > pairs.values[$1] }.prefix(count)
    let total = (0..<dimensions).reduce(0) { $0 + covariance[$1][$1] }
    self.mean = mean
    shares = order.map { total > 0 ? max(0, pairs.values[$0]) / total : 0 }
    directions = order.map { index in
      let vector = pairs.vectors[index]
      let greatest = vector.max { abs($0) < abs($1) } ?? 0
      return greatest < 0 ? vector.map { -$0 } : vector
    }
  }

  /// The coordinates of vectors along the directions, from the mean: for each vector, one along each direction.
  public func coordinates(of vectors: Tensor) -> [[Double]] {
    Self.rows(of: vectors).map { row in
      directions.map { direction in
        row.indices.reduce(0) { $0 + (row[$1] - mean[$1]) * direction[$1] }
      }
    }
  }

  private static func rows(of vectors: Tensor) -> [[Double]] {
    let (numbers, dimensions) = (vectors.doubles(), vectors.shape[1])
    return (0..<vectors.shape[0]).map { Array(numbers[$0 * dimensions..<($0 + 1) * dimensions]) }
  }
}
