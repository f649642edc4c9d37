import Autodiff
import Kernels
import Tensors

/// The Euclidean norm of all gradients taken together, by which they are clipped.
public struct GradientNorm: Sendable, Equatable {
  /// The norm.
  public let value: Double

  /// The norm of the given gradients. Outer-product gradients are not multiplied out for it.
  public init(_ gradients: [Gradient]) {
    value = gradients.reduce(0) { $0 + $1.sumOfSquares }.squareRoot()
  }

  /// The factor that clips the gradients to a norm: min(1, limit / (norm + 1e-6)), as in PyTorch's `clip_grad_norm_`
  /// (Pascanu, Mikolov and Bengio 2013, section 3.2).
  ///
  /// - Parameter limit: The greatest norm; nil for a factor of 1.
  public func scale(toLimit limit: Double?) -> Double {
    limit.map { min(1, $0 / (value + 1e-6)) } ?? 1
  }
}

extension Gradient {
  /// The sum of squares of its elements.
  var sumOfSquares: Double {
    switch self {
    case .dense(let tensor):
      return tensor.sumOfSquares()
    case .outerProduct(let g, let x, let numerics):
      // |g^T x|_F^2 = sum over i, j of (g g^T)_ij (x x^T)_ij: two small symmetric matrices, [batch, batch]. Of a gradient
      // whose factors are rounded, this is the norm only if they are rounded here too.
      let rows = g.shape[0]
      let half = min((rows / 2 + 63) / 64 * 64, rows)
      let left = (Self.products(g, 0..<rows, 0..<half, numerics), Self.products(x, 0..<rows, 0..<half, numerics))
      let right = (
        Self.products(g, half..<rows, half..<rows, numerics), Self.products(x, half..<rows, half..<rows, numerics)
      )
      // Rows from `half` on stand for the block above the diagonal too.
      let twice = zip(left.0, left.1).enumerated().reduce(0.0) {
        $0 + ($1.offset < half * half ? 1 : 2) * $1.element.0 * $1.element.1
      }
      return twice + zip(right.0, right.1).reduce(0.0) { $0 + $1.0 * $1.1 }
    }
  }

  /// The products of some rows of a matrix with others of it: [rows, columns], part of a a^T.
  private static func products(_ a: Tensor, _ rows: Range<Int>, _ columns: Range<Int>, _ numerics: Numerics)
    -> [Double]
  {
    let inner = a.shape[1]
    guard !rows.isEmpty, !columns.isEmpty else { return [] }
    let right = PreparedMatrix(
      MatrixView(a, offset: columns.lowerBound * inner, transposed: true), inner: inner, columns: columns.count,
      numerics: numerics, isEager: false)
    var result = Tensor(uninitialized: [rows.count, columns.count], a.elementType)
    right.multiply(MatrixView(a, offset: rows.lowerBound * inner), rows: rows.count, into: &result)
    return result.doubles()
  }
}
