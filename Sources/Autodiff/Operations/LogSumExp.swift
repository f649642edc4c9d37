import Tensors

// y = log of the sum of exp(x_c) for each row: [..., n] -> [...], shifted so that nothing overflows.
// Tangent: sum of p_c x_c', with p = softmax(x) = exp(x - y). Pullback: x receives g p.

extension Variable {
  /// log of the sum of exp over the last axis: [..., n] -> [...]
  public func logSumExpOfLastAxis() -> Variable {
    let x = value
    let y = x.logSumExpOfLastAxis()
    return .record(y, [self]) { g, inputs in inputs.add(x.scaledExp(g, shift: y), to: 0) }
  }
}

extension Dual {
  /// log of the sum of exp over the last axis: [..., n] -> [...]
  public func logSumExpOfLastAxis() -> Dual {
    let y = value.logSumExpOfLastAxis()
    guard tangentCount > 0 else { return Dual(y) }
    let p = (value - y.broadcast(over: shape.last ?? 1)).applying(.exp)
    let rows = (0..<tangentCount).map { k in
      let tangent = tangents.sliced(axis: 0, start: k, length: 1).reshaped(shape)
      return Variable.rowDot(p, tangent).reshaped([1] + y.shape)
    }
    return Dual(value: y, tangents: .concatenation(rows, axis: 0))
  }
}
