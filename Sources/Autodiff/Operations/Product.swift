import Kernels
import Tensors

// c = a b, elementwise.
// Tangent: a b' + a' b.
// Pullback of primal and tangents together, for cotangents g_0 of a b and g_i of the tangents:
//   a receives g_0 b + sum of g_i b_i;  a_i receives g_i b;  and the same with a and b exchanged.

extension Variable {
  /// a b, elementwise, of one shape.
  public static func * (a: Variable, b: Variable) -> Variable { productJet(a, 0, b, 0, shape: a.shape) }

  /// a / b, elementwise, of one shape.
  public static func / (a: Variable, b: Variable) -> Variable { a * b.applying(.reciprocal) }

  fileprivate static func productJet(
    _ a: Variable, _ ka: Int, _ b: Variable, _ kb: Int, shape: [Int]
  ) -> Variable {
    let stride = a.value.count / (1 + ka)
    precondition(b.value.count / (1 + kb) == stride, "product: shapes \(a.shape) and \(b.shape)")
    let (x, y) = (a.value, b.value)
    let c = Backends.current.product(x, tangents: ka, y, tangents: kb, shape: shape)
    return record(c, [a, b]) { g, inputs in
      inputs.add(Backends.current.productPullback(g, shape: x.shape, tangents: ka, with: y, tangents: kb), to: 0)
      inputs.add(Backends.current.productPullback(g, shape: y.shape, tangents: kb, with: x, tangents: ka), to: 1)
    }
  }
}

extension Dual {
  /// a b, elementwise, of one shape.
  public static func * (a: Dual, b: Dual) -> Dual {
    precondition(a.shape == b.shape, "product: shapes \(a.shape) and \(b.shape)")
    precondition(
      a.tangentCount == b.tangentCount || a.tangentCount == 0 || b.tangentCount == 0,
      "product: duals with \(a.tangentCount) and \(b.tangentCount) tangents")
    let shape = [1 + max(a.tangentCount, b.tangentCount)] + a.shape
    return Dual(
      primalAndTangents: .productJet(
        a.primalAndTangents, a.tangentCount, b.primalAndTangents, b.tangentCount, shape: shape))
  }

  /// a / b, elementwise, of one shape.
  public static func / (a: Dual, b: Dual) -> Dual { a * b.applying(.reciprocal) }
}
