import Tensors

// y = [t, x]: time as the first number of each row: [..., n] -> [..., 1 + n].
// Tangent: [0, x'], since time does not depend on the state. Pullback: x receives all but the first.

extension Variable {
  /// [t, x] for each row: [..., n] -> [..., 1 + n]
  public func prependingTime(_ time: Double) -> Variable {
    let column = Tensor(repeating: time, shape: shape.dropLast() + [1], value.elementType)
    return .concatenation([Variable(column), self], axis: shape.count - 1)
  }
}

extension Dual {
  /// [t, x] for each row: [..., n] -> [..., 1 + n]
  public func prependingTime(_ time: Double) -> Dual {
    let column = Tensor(repeating: time, shape: shape.dropLast() + [1], primalAndTangents.value.elementType)
    return .concatenation([Dual(Variable(column)), self], axis: shape.count - 1)
  }
}
