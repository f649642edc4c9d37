extension Array where Element == Int {
  /// The number of elements of this shape.
  package var product: Int { reduce(1, *) }

  /// The index of an axis of this shape, which may be counted from the end: -1 is the last one.
  package func index(ofAxis axis: Int) -> Int {
    let index = axis < 0 ? axis + count : axis
    precondition(indices.contains(index), "axis \(axis) of a shape \(self)")
    return index
  }
}

extension Tensor {
  /// The sum over an axis, accumulated in double precision; the axis is left out of the result's shape. Axis -1 is the
  /// last one.
  ///
  /// ```swift
  /// Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3]).sum(axis: -1)   // [6, 15]
  /// ```
  public func sum(axis: Int) -> Tensor { movingToEnd(axis: axis).sumOfLastAxis() }

  /// The mean over an axis; the axis is left out of the result's shape. Axis -1 is the last one.
  public func mean(axis: Int) -> Tensor { sum(axis: axis).scaled(by: 1 / Double(shape[shape.index(ofAxis: axis)])) }

  /// The sum of all numbers, in double precision.
  public func sum() -> Double { doubles().reduce(0, +) }

  /// The mean of all numbers, in double precision.
  public func mean() -> Double { sum() / Double(max(count, 1)) }

  /// The same numbers with an axis moved behind the others.
  private func movingToEnd(axis: Int) -> Tensor {
    let axis = shape.index(ofAxis: axis)
    guard axis < rank - 1 else { return self }
    let (outer, inner) = (Array(shape[..<axis]), Array(shape[(axis + 1)...]))
    return reshaped([outer.product, shape[axis], inner.product]).permuted([0, 2, 1])
      .reshaped(outer + inner + [shape[axis]])
  }
}
