import Autodiff
import Kernels
import Tensors

/// The Euclidean norm of all gradients taken together, by which they are clipped.
public struct GradientNorm: Sendable, Equatable {
  /// The norm.
  public let value: Double

  /// The norm of the given gradients. Outer-product gradients are not multiplied out for it.
  public init(_ gradients: [Gradient]) {
    self.init(sumOfSquares: gradients.reduce(0) { $0 + $1.sumOfSquares })
  }

  /// The norm of gradients whose elements' squares add up to a number.
  public init(sumOfSquares: Double) { value = sumOfSquares.squareRoot() }

  /// The factor that clips the gradients to a norm: min(1, limit / (norm + 1e-6)), as in PyTorch's `clip_grad_norm_`
  /// (Pascanu, Mikolov and Bengio 2013, section 3.2).
  ///
  /// - Parameter limit: The greatest norm; nil for a factor of 1.
  public func scale(toLimit limit: Double?) -> Double {
    limit.map { min(1, $0 / (value + 1e-6)) } ?? 1
  }
}

extension Gradient {
  /// The sum of squares of its elements. An outer product is not multiplied out for it.
  public var sumOfSquares: Double {
    switch self {
    case .dense(let tensor): tensor.sumOfSquares()
    case .outerProduct(let g, let x, let numerics): Kernels.sumOfSquares(ofOuterProduct: g, x, numerics: numerics)
    }
  }
}
