import Tensors

// Operations that users define. Reverse mode takes a value and a pullback. Forward mode takes a tangent rule, which is
// made of operations on variables, so that it is recorded too and can be differentiated in reverse.

extension Variable {
  /// The result of an operation of your own, recorded on the tape of its inputs.
  ///
  /// ```swift
  /// extension Variable {
  ///   /// log cosh x, elementwise.
  ///   func logCosh() -> Variable {
  ///     .record(value.map { log(cosh($0)) }, of: [self]) { [value] g in [g * value.map { tanh($0) }] }
  ///   }
  /// }
  /// ```
  ///
  /// - Parameters:
  ///   - value: The operation's result, which the caller has computed.
  ///   - inputs: The variables that it was computed from. If none is on a tape, the result is a constant.
  ///   - pullback: Turns the cotangent of the result, of its shape, into those of the inputs, each of its input's shape;
  ///     nil for an input through which no gradient flows.
  public static func record(
    _ value: Tensor, of inputs: [Variable], pullback: @escaping (_ cotangent: Tensor) -> [Tensor?]
  ) -> Variable {
    let shapes = inputs.map(\.shape)
    return record(value, inputs) { cotangent, cotangents in
      let results = pullback(cotangent)
      precondition(
        results.map { $0?.shape }.elementsEqual(shapes) { $0 ?? $1 == $1 },
        "record: cotangents \(results.map { $0?.shape }) for inputs \(shapes)")
      for (input, result) in results.enumerated() {
        if let result { cotangents.add(result, to: input) }
      }
    }
  }
}

extension Dual {
  /// The result of an operation of your own and its tangents.
  ///
  /// ```swift
  /// extension Dual {
  ///   /// log cosh x, elementwise, and tanh(x) x'.
  ///   func logCosh() -> Dual {
  ///     .applying(to: [self], { $0[0].logCosh() }) { primals, tangents in primals[0].applying(.tanh) * tangents[0] }
  ///   }
  /// }
  /// ```
  ///
  /// - Parameters:
  ///   - inputs: The operation's inputs.
  ///   - operation: The operation on variables.
  ///   - tangentRule: The tangent of the result for the inputs' primals and one tangent of each. It is linear in the
  ///     tangents, and made of operations on variables, so that gradients flow through it.
  public static func applying(
    to inputs: [Dual], _ operation: (_ primals: [Variable]) -> Variable,
    tangentRule: (_ primals: [Variable], _ tangents: [Variable]) -> Variable
  ) -> Dual {
    let count = inputs.map(\.tangentCount).max() ?? 0
    let primals = inputs.map(\.primal)
    let result = operation(primals)
    guard count > 0 else { return Dual(result) }
    let all = inputs.map { $0.padded(to: count).tangents }
    let tangents = (0..<count).map { k in
      let each = zip(all, inputs).map { $0.sliced(axis: 0, start: k, length: 1).reshaped($1.shape) }
      let tangent = tangentRule(primals, each)
      precondition(tangent.shape == result.shape, "applying: a tangent \(tangent.shape) of a result \(result.shape)")
      return tangent.reshaped([1] + tangent.shape)
    }
    return Dual(primal: result, tangents: .concatenation(tangents, axis: 0))
  }
}
