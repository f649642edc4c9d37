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
    case .outerProduct(let g, let x, _):
      // |g^T x|_F^2 = sum over i, j of (g g^T)_ij (x x^T)_ij: two small matrices, [batch, batch].
      return zip(Self.gram(g).doubles(), Self.gram(x).doubles()).reduce(0) { $0 + $1.0 * $1.1 }
    }
  }

  /// The Gram matrix a a^T.
  private static func gram(_ a: Tensor) -> Tensor {
    let rows = a.shape[0]
    var result = Tensor(uninitialized: [rows, rows], a.elementType)
    multiplyMatrices(
      MatrixView(a), MatrixView(a, transposed: true), rows: rows, columns: rows, inner: a.shape[1], into: &result)
    return result
  }
}
