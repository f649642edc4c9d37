import Tensors

// c = a b, elementwise.
// Tangent: a b' + a' b.
// Pullback of value and tangents together, for cotangents g_0 of a b and g_i of the tangents:
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
    let kernels = x.elementType.kernels
    let c = Tensor(uninitialized: shape, x.elementType)
    Compute.parallel(stride, cost: 1 + ka + kb) { begin, end in
      kernels.product_jet(ka, kb, stride, begin, end, x.address, y.address, c.freshAddress)
    }
    func cotangent(of first: Tensor, _ k1: Int, with second: Tensor, _ k2: Int, _ g: Tensor) -> Tensor {
      let result = Tensor(uninitialized: first.shape, first.elementType)
      Compute.parallel(stride, cost: 1 + k1 + k2) { begin, end in
        kernels.product_jet_pullback(
          k1, k2, stride, begin, end, second.address, g.address, result.freshAddress)
      }
      withExtendedLifetime((second, g)) {}
      return result
    }
    return record(c, [a, b]) { g, inputs in
      inputs.add(cotangent(of: x, ka, with: y, kb, g), to: 0)
      inputs.add(cotangent(of: y, kb, with: x, ka, g), to: 1)
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
      stacked: .productJet(a.stacked, a.tangentCount, b.stacked, b.tangentCount, shape: shape))
  }

  /// a / b, elementwise, of one shape.
  public static func / (a: Dual, b: Dual) -> Dual { a * b.applying(.reciprocal) }
}
