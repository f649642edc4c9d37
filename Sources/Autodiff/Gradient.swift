import Kernels
import Tensors

/// The gradient of a variable: dense, or as the factors of a sum of outer products.
///
/// The weights of a linear layer with many outputs have a gradient as large as themselves, g^T x, of two small factors. An
/// optimizer that multiplies them a part at a time, while it updates that part, spares writing and reading it.
public enum Gradient: Sendable {
  /// All numbers, in the shape of the variable.
  case dense(Tensor)
  /// g^T x for cotangents `[rows, outputs]` and inputs `[rows, inputs]`; their gradient is `[outputs, inputs]`,
  /// as exact as the given numerics have it.
  case outerProduct(cotangents: Tensor, inputs: Tensor, numerics: Numerics)

  /// Gradients with fewer numbers than this are dense: they stay in a cache until they are used.
  static let leastOuterProduct = 1 << 20

  /// The gradient as a tensor.
  public var tensor: Tensor {
    switch self {
    case .dense(let tensor): return tensor
    case .outerProduct(let g, let x, let numerics):
      let (outputs, inputs) = (g.shape[1], x.shape[1])
      var result = Tensor(zeros: [outputs, inputs], g.elementType)
      addOuterProducts(OuterProductSum([(g, x)], outputs: outputs, inputs: inputs), numerics: numerics, to: &result)
      return result
    }
  }

  /// Whether all numbers that the gradient is made of are finite.
  public var isFinite: Bool {
    switch self {
    case .dense(let tensor): tensor.isFinite
    case .outerProduct(let g, let x, _): g.isFinite && x.isFinite
    }
  }

  /// The shape of the gradient, which is that of the variable.
  public var shape: [Int] {
    switch self {
    case .dense(let tensor): tensor.shape
    case .outerProduct(let g, let x, _): [g.shape[1], x.shape[1]]
    }
  }
}

extension GradientAccumulator {
  /// The gradient, left as factors where it is one large product and nothing else.
  mutating func gradient(shape: [Int], _ type: ElementType) -> Gradient {
    if type == .float32, shape.product >= Gradient.leastOuterProduct, let factors = soleFactors {
      return factors
    }
    return .dense(value(shape: shape, type))
  }
}
