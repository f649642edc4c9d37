import Tensors

// y[..., j] = x[..., n - 1 - j].
// Tangent: the same of the tangents. Pullback: the cotangent reversed.

extension Variable {
  /// The last axis in reverse order. Any shape.
  public func reversed() -> Variable {
    .record(value.reversingLastAxis(), [self]) { g, inputs in inputs.add(g.reversingLastAxis(), to: 0) }
  }
}

extension Dual {
  /// The last axis in reverse order. Any shape.
  public func reversed() -> Dual { Dual(stacked: stacked.reversed()) }
}
