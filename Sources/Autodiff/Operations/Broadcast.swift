import Tensors

// y[..., j] = x[...]: each number repeated along a new last axis.
// Tangent: the same of the tangents. Pullback: the sum over the new axis.

extension Variable {
  /// Each number repeated along a new last axis: [...] -> [..., n]
  public func broadcast(over columns: Int) -> Variable {
    .record(value.broadcast(over: columns), [self]) { g, inputs in inputs.add(g.sum(axis: -1), to: 0) }
  }
}

extension Dual {
  /// Each number repeated along a new last axis: [...] -> [..., n]
  public func broadcast(over columns: Int) -> Dual {
    Dual(primalAndTangents: primalAndTangents.broadcast(over: columns))
  }
}
