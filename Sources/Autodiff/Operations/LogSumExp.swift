import Tensors

// y = log of the sum of exp(x_c) for each row: [..., n] -> [...], shifted so that nothing overflows.
// Tangent: sum of p_c x_c', with p = softmax(x) = exp(x - y). Pullback: x receives g p.

extension Variable {
  /// log of the sum of exp over an axis, which is left out of the result's shape; axis -1 is the last one.
  public func logSumExp(axis: Int) -> Variable {
    let last = movingToEnd(axis: axis)
    let x = last.value
    let y = x.logSumExpOfLastAxis()
    return .record(y, [last]) { g, inputs in inputs.add(x.scaledExp(g, shift: y), to: 0) }
  }
}

extension Dual {
  /// log of the sum of exp over an axis, which is left out of the result's shape; axis -1 is the last one.
  public func logSumExp(axis: Int) -> Dual {
    let axis = shape.index(ofAxis: axis)
    let x = primal.movingToEnd(axis: axis)
    let y = x.logSumExp(axis: -1)
    guard tangentCount > 0 else { return Dual(y) }
    let p = (x - y.broadcast(over: shape[axis])).applying(.exp)
    let rows = (0..<tangentCount).map { k in
      let tangent = tangents.sliced(axis: 0, start: k, length: 1).reshaped(shape).movingToEnd(axis: axis)
      return Variable.rowDot(p, tangent).reshaped([1] + y.shape)
    }
    return Dual(primal: y, tangents: .concatenation(rows, axis: 0))
  }
}
