import CKernels
import Profiling

/// Elementwise functions that the kernels know, with their first and second derivatives.
public enum ElementwiseFunction: String, Sendable, CaseIterable, Codable {
  /// log(1 + exp x)
  case softplus
  /// 1 / (1 + exp(-x))
  case sigmoid
  /// tanh x
  case tanh
  /// max(x, 0)
  case relu
  /// x where it is positive, and otherwise exp x - 1 (Clevert et al. 2015).
  case elu
  /// x sigmoid x (Ramachandran et al. 2017).
  case swish
  /// exp x; in single precision of x clamped to [-87, 88], so that it is never infinite, and never zero.
  case exp
  /// The natural logarithm.
  case log
  /// The square root.
  case sqrt
  /// x^2
  case square
  /// 1 / x
  case reciprocal
  /// sin x; in single precision within 0.51 units in the last place for |x| below 2^27, and only within [-1, 1] beyond.
  case sin
  /// cos x; as accurate as ``sin``.
  case cos

  package var kernel: ck_function {
    switch self {
    case .softplus: CK_SOFTPLUS
    case .sigmoid: CK_SIGMOID
    case .tanh: CK_TANH
    case .relu: CK_RELU
    case .elu: CK_ELU
    case .swish: CK_SWISH
    case .exp: CK_EXP
    case .log: CK_LOG
    case .sqrt: CK_SQRT
    case .square: CK_SQUARE
    case .reciprocal: CK_RECIPROCAL
    case .sin: CK_SIN
    case .cos: CK_COS
    }
  }
}

extension Tensor {
  /// f(x) and f'(x), elementwise.
  package func valueAndDerivative(of function: ElementwiseFunction) -> (value: Tensor, derivative: Tensor) {
    let (value, derivative) = (Tensor(uninitialized: shape, elementType), Tensor(uninitialized: shape, elementType))
    let kernels = elementType.kernels
    Profiler.count(operations: 20 * count, bytes: 3 * count * elementType.byteCount)
    Compute.parallel(count, cost: 16) { begin, end in
      kernels.value_and_derivative(function.kernel, begin, end, address, value.freshAddress, derivative.freshAddress)
    }
    return (value, derivative)
  }
}
