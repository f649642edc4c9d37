import Autodiff
import Foundation
import Tensors
import Testing

// The example of the documentation of `Variable.record` and `Dual.applying`.

extension Variable {
  /// log cosh x, elementwise.
  func logCosh() -> Variable {
    .record(value.map { log(cosh($0)) }, of: [self]) { [value] g in [g * value.map { tanh($0) }] }
  }
}

extension Dual {
  /// log cosh x, elementwise, and tanh(x) x'.
  func logCosh() -> Dual {
    .applying(to: [self], { $0[0].logCosh() }) { primals, tangents in primals[0].applying(.tanh) * tangents[0] }
  }
}

/// Operations that users define, against the same made of operations that there are.
@Suite struct CustomOperationTests {
  private let x = Tensor([-1.5, -0.25, 0.5, 2], shape: [2, 2])

  /// log cosh x = x + softplus(-2 x) - log 2
  private func composed(_ x: Dual) -> Dual { x + (-2 * x).applying(.softplus) - log(2) }

  private func expectClose(_ a: Tensor, _ b: Tensor, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(a.shape == b.shape && (a - b).sumOfSquares() < 1e-24, "\(a), not \(b)", sourceLocation: sourceLocation)
  }

  @Test func `value, gradient and tangents are those of the same operation composed of others`() {
    let directions = Tensor([1, 0.5, -2, 3, 0, 1, 1, -1], shape: [2, 2, 2])
    func results(_ operation: (Dual) -> Dual) -> [Tensor] {
      let tape = Tape()
      let (primal, tangents) = (tape.variable(x), tape.variable(directions))
      let y = operation(Dual(primal: primal, tangents: tangents))
      // The gradient of a tangent too: reverse over forward.
      let loss = (y.primal * y.primal).sum() + (y.tangents * y.tangents).sum()
      return [y.primal.value, y.tangents.value] + tape.gradients(of: loss, withRespectTo: [primal, tangents])
    }
    for (a, b) in zip(results { $0.logCosh() }, results(composed)) { expectClose(a, b) }
  }

  @Test func `constants are not recorded, and a dual without tangents is a plain value`() {
    #expect(!Variable(x).logCosh().isTracked)
    #expect(Dual(Variable(x)).logCosh().tangentCount == 0)
  }

  @Test func `an input may have no gradient`() {
    let tape = Tape()
    let (a, b) = (tape.variable(x), tape.variable(x))
    let product = Variable.record(a.value * b.value, of: [a, b]) { [b] g in [g * b.value, nil] }
    let gradients = tape.gradients(of: product.sum(), withRespectTo: [a, b])
    #expect(gradients == [x, Tensor(zeros: [2, 2], .float64)])
  }
}
