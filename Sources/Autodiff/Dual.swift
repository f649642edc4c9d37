import Tensors

/// A value and its tangents, traveling together: forward-mode differentiation, itself differentiable in reverse.
///
/// A function of duals computes f(x) and J v_i for each tangent v_i in one pass. Value and tangents lie in one tensor,
/// `[1 + tangents, ...]`, value first, so that one matrix product serves them all. Since the operations on that tensor
/// are ordinary recorded ones, the reverse-mode gradient of a directional derivative (reverse over forward) needs only
/// first-order rules.
///
/// ```swift
/// let z = Dual(value: x, tangents: e)          // e: [k, n, d]
/// let y = z.applying(.tanh)
/// y.tangents                                   // (1 - tanh^2 x) e
/// ```
public struct Dual {
  /// Value and tangents, `[1 + tangents, ...]`.
  public let stacked: Variable
  /// How many tangents; with none, a dual is a plain value.
  public let tangentCount: Int

  package init(stacked: Variable) {
    self.stacked = stacked
    tangentCount = stacked.shape[0] - 1
  }

  /// A value with zero tangents.
  public init(_ value: Variable) { self.init(stacked: value.reshaped([1] + value.shape)) }

  /// A value `[...]` with tangents `[k, ...]`.
  public init(value: Variable, tangents: Variable) {
    precondition(
      Array(tangents.shape.dropFirst()) == value.shape, "Dual: tangents \(tangents.shape) of \(value.shape)")
    self.init(stacked: .concatenation([value.reshaped([1] + value.shape), tangents], axis: 0))
  }

  /// The shape of the value.
  public var shape: [Int] { Array(stacked.shape.dropFirst()) }

  /// The value, `[...]`.
  public var value: Variable {
    tangentCount == 0
      ? stacked.reshaped(shape) : stacked.sliced(axis: 0, start: 0, length: 1).reshaped(shape)
  }

  /// The tangents, `[k, ...]`.
  public var tangents: Variable {
    precondition(tangentCount > 0, "Dual: a plain value has no tangents")
    return stacked.sliced(axis: 0, start: 1, length: tangentCount)
  }

  /// The same dual with zero tangents where it has none, so that its slots match another's.
  package func padded(to count: Int) -> Dual {
    guard tangentCount != count else { return self }
    precondition(tangentCount == 0, "duals with \(tangentCount) and \(count) tangents do not mix")
    let zeros = Variable(Tensor(zeros: [count] + shape, stacked.value.elementType))
    return Dual(stacked: .concatenation([stacked, zeros], axis: 0))
  }
}
