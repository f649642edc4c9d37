import Kernels
import Tensors

// y = f(x).
// Tangent: f'(x) v.
// Pullback of primal and tangents together, for cotangents g of f(x) and h_i of f'(x) v_i:
//   x receives f'(x) g + f''(x) sum of h_i v_i;  v_i receives f'(x) h_i.

extension Variable {
  /// f(x), elementwise. Any shape.
  public func applying(_ function: ElementwiseFunction) -> Variable { applying(function, tangents: 0) }

  fileprivate func applying(_ function: ElementwiseFunction, tangents: Int) -> Variable {
    let x = value
    let (y, kept) = Backends.current.elementwise(function, x, tangents: tangents)
    return .record(y, [self]) { g, inputs in
      inputs.add(Backends.current.elementwisePullback(function, g, x, kept: kept, tangents: tangents), to: 0)
    }
  }
}

extension Dual {
  /// f(x), elementwise, and f'(x) v.
  public func applying(_ function: ElementwiseFunction) -> Dual {
    Dual(primalAndTangents: primalAndTangents.applying(function, tangents: tangentCount))
  }
}
