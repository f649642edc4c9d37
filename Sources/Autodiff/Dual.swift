import Tensors

/// A primal and its tangents, traveling together: forward-mode differentiation, itself differentiable in reverse.
///
/// A function of duals computes f(x) and J v_i for each tangent v_i in one pass. Primal and tangents lie in one tensor,
/// `[1 + tangents, ...]`, primal first, so that one matrix product serves them all. Since the operations on that tensor
/// are ordinary recorded ones, the reverse-mode gradient of a directional derivative (reverse over forward) needs only
/// first-order rules.
///
/// ```swift
/// let z = Dual(primal: x, tangents: e)          // e: [k, n, d]
/// let y = z.applying(.tanh)
/// y.tangents                                   // (1 - tanh^2 x) e
/// ```
public struct Dual {
  /// Primal and tangents, `[1 + tangents, ...]`.
  package let primalAndTangents: Variable
  /// The number of tangents; with none, a dual is a plain value.
  public let tangentCount: Int

  package init(primalAndTangents: Variable) {
    self.primalAndTangents = primalAndTangents
    tangentCount = primalAndTangents.shape[0] - 1
  }

  /// A value without tangents: a constant with respect to them.
  public init(_ value: Variable) { self.init(primalAndTangents: value.reshaped([1] + value.shape)) }

  /// A primal `[...]` with tangents `[k, ...]`.
  public init(primal: Variable, tangents: Variable) {
    precondition(
      Array(tangents.shape.dropFirst()) == primal.shape, "Dual: tangents \(tangents.shape) of \(primal.shape)")
    self.init(primalAndTangents: .concatenation([primal.reshaped([1] + primal.shape), tangents], axis: 0))
  }

  /// The shape of the primal.
  public var shape: [Int] { Array(primalAndTangents.shape.dropFirst()) }

  /// The primal, `[...]`.
  public var primal: Variable {
    tangentCount == 0
      ? primalAndTangents.reshaped(shape) : primalAndTangents.sliced(axis: 0, start: 0, length: 1).reshaped(shape)
  }

  /// The tangents, `[k, ...]`.
  public var tangents: Variable {
    precondition(tangentCount > 0, "Dual: a plain value has no tangents")
    return primalAndTangents.sliced(axis: 0, start: 1, length: tangentCount)
  }

  /// The same dual with zero tangents where it has none, so that they match another's.
  package func padded(to count: Int) -> Dual {
    guard tangentCount != count else { return self }
    precondition(tangentCount == 0, "duals with \(tangentCount) and \(count) tangents do not mix")
    let zeros = Variable(Tensor(zeros: [count] + shape, primalAndTangents.value.elementType))
    return Dual(primalAndTangents: .concatenation([primalAndTangents, zeros], axis: 0))
  }
}
