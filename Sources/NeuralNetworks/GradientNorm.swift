import Autodiff
import Kernels
import Tensors

/// The Euclidean norm of all gradients together, by which they are clipped.
public struct GradientNorm: Sendable, Equatable {
  public let value: Double

  /// The norm of gradients; what is left as a product is not formed for it.
  public init(_ gradients: [Gradient]) {
    value = gradients.reduce(0) { $0 + $1.sumOfSquares }.squareRoot()
  }

  /// What gradients are multiplied by so that their norm is no greater than a limit: min(1, limit / (norm + 1e-6)), as
  /// PyTorch's `clip_grad_norm_` has it (Pascanu, Mikolov and Bengio 2013, section 3.2).
  public func scale(toLimit limit: Double?) -> Double {
    limit.map { min(1, $0 / (value + 1e-6)) } ?? 1
  }
}

extension Gradient {
  /// The sum of squares of its numbers.
  var sumOfSquares: Double {
    switch self {
    case .dense(let tensor):
      return tensor.sumOfSquares()
    case .outerProduct(let g, let x, _):
      // |g^T x|^2 = sum over i, j of (g g^T)_ij (x x^T)_ij: two small matrices of batch times batch.
      return zip(Self.gram(g).doubles(), Self.gram(x).doubles()).reduce(0) { $0 + $1.0 * $1.1 }
    }
  }

  /// a a^T.
  private static func gram(_ a: Tensor) -> Tensor {
    let rows = a.shape[0]
    var result = Tensor(uninitialized: [rows, rows], a.elementType)
    multiplyMatrices(
      MatrixView(a), MatrixView(a, transposed: true), rows: rows, columns: rows, inner: a.shape[1], into: &result)
    return result
  }
}
