import Tensors

// y[..., j] = x[..., n - 1 - j].
// Tangent: the same of the tangents. Pullback: the cotangent flipped.

extension Variable {
  /// The last axis in reverse order. Any shape.
  public func flipped() -> Variable {
    .record(value.flippingLastAxis(), [self]) { g, inputs in inputs.add(g.flippingLastAxis(), to: 0) }
  }
}

extension Dual {
  /// The last axis in reverse order. Any shape.
  public func flipped() -> Dual { Dual(primalAndTangents: primalAndTangents.flipped()) }
}
