import Tensors

// Sums, accumulated in double precision.
// Tangent: the same of the tangents. Pullback: the cotangent spread over what was summed.

extension Variable {
  /// Sums over the last axis: [..., n] -> [...]
  public func sumOfLastAxis() -> Variable {
    let columns = shape.last ?? 1
    return .record(value.sumOfLastAxis(), [self]) { g, inputs in inputs.add(g.broadcast(over: columns), to: 0) }
  }

  /// The sum of all numbers, of shape [].
  public func sum() -> Variable { reshaped([value.count]).sumOfLastAxis() }

  /// The mean of all numbers, of shape [].
  public func mean() -> Variable { (1 / Double(value.count)) * sum() }
}

extension Dual {
  /// Sums over the last axis: [..., n] -> [...]
  public func sumOfLastAxis() -> Dual { Dual(stacked: stacked.sumOfLastAxis()) }

  /// The sum of all numbers, of shape [].
  public func sum() -> Dual { reshaped([shape.product]).sumOfLastAxis() }

  /// The mean of all numbers, of shape [].
  public func mean() -> Dual { (1 / Double(shape.product)) * sum() }
}
