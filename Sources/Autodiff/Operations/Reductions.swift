import Tensors

// Sums, accumulated in double precision.
// Tangent: the same of the tangents. Pullback: the cotangent, broadcast over what was summed.

extension Variable {
  /// The sum over an axis, which is left out of the result's shape; axis -1 is the last one.
  public func sum(axis: Int) -> Variable {
    let last = movingToEnd(axis: axis)
    let length = last.shape[last.shape.count - 1]
    return .record(last.value.sumOfLastAxis(), [last]) { g, inputs in inputs.add(g.broadcast(over: length), to: 0) }
  }

  /// The mean over an axis, which is left out of the result's shape; axis -1 is the last one.
  public func mean(axis: Int) -> Variable { (1 / Double(shape[shape.index(ofAxis: axis)])) * sum(axis: axis) }

  /// The sum of all numbers, of shape [].
  public func sum() -> Variable { reshaped([value.count]).sum(axis: 0) }

  /// The mean of all numbers, of shape [].
  public func mean() -> Variable { (1 / Double(value.count)) * sum() }

  /// The same numbers with an axis moved behind the others.
  func movingToEnd(axis: Int) -> Variable {
    let axis = shape.index(ofAxis: axis)
    guard axis < shape.count - 1 else { return self }
    let (outer, inner) = (Array(shape[..<axis]), Array(shape[(axis + 1)...]))
    return reshaped([outer.product, shape[axis], inner.product]).permuted([0, 2, 1])
      .reshaped(outer + inner + [shape[axis]])
  }
}

extension Dual {
  /// The sum over an axis, which is left out of the result's shape; axis -1 is the last one.
  public func sum(axis: Int) -> Dual {
    Dual(primalAndTangents: primalAndTangents.sum(axis: shape.index(ofAxis: axis) + 1))
  }

  /// The mean over an axis, which is left out of the result's shape; axis -1 is the last one.
  public func mean(axis: Int) -> Dual { (1 / Double(shape[shape.index(ofAxis: axis)])) * sum(axis: axis) }

  /// The sum of all numbers, of shape [].
  public func sum() -> Dual { reshaped([shape.product]).sum(axis: 0) }

  /// The mean of all numbers, of shape [].
  public func mean() -> Dual { (1 / Double(shape.product)) * sum() }
}
