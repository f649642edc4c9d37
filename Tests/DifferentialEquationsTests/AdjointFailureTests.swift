import Autodiff
import DifferentialEquations
import Tensors
import Testing

/// An adjoint equation that cannot be solved: a pullback cannot throw, so the reason is left on the tape,
/// and the gradient is not a number, that none take it for one.
@Suite struct AdjointFailureTests {
  private func expectUndefined(_ gradients: [Tensor], sourceLocation: SourceLocation = #_sourceLocation) {
    for gradient in gradients {
      #expect(gradient.doubles().allSatisfy { $0.isNaN }, sourceLocation: sourceLocation)
    }
  }

  @Test func `dynamics too stiff to be solved backward are reported`() throws {
    // Forward, errors decay as exp(-2000 t); backward, they grow so.
    let tape = Tape()
    let y = tape.variable(Tensor([0.5, 0.25], shape: [2]))
    let p = tape.variable(Tensor([1.0, 1.0], shape: [2]))
    let solution = try solve(
      { t, y, p in [-2000 * (y[0] - t * p[0])] }, initial: [y], parameters: [p], from: 0, to: 1,
      gradient: .adjoint)
    #expect(tape.backwardPass.failure == nil)
    let gradients = tape.gradients(of: solution.state[0].sum(), withRespectTo: [y, p])
    #expect(tape.backwardPass.failure != nil)
    expectUndefined(gradients)
  }

  @Test func `a cotangent that is not a number is reported, with its sample`() throws {
    let tape = Tape()
    let y = tape.variable(Tensor([1.0, 0, 2], shape: [3]))
    let p = tape.variable(Tensor([1.0, 1, 1], shape: [3]))
    let solution = try solve(
      { _, y, p in [y[0] * p[0]] }, initial: [y], parameters: [p], from: 0, to: 1, gradient: .adjoint)
    // The root's derivative at zero is infinite, and that times zero is not a number.
    let loss = (0 * solution.state[0].applying(.sqrt)).sum()
    let gradients = tape.gradients(of: loss, withRespectTo: [y, p])
    #expect(tape.backwardPass.failure == .notFinite(time: 1, sample: 1, component: 1))
    expectUndefined(gradients)
  }

  @Test func `the step limit of the adjoint equation is reported`() throws {
    // Derivatives that turn rough once the forward solve is done.
    final class Phase {
      var isBackward = false
    }
    let phase = Phase()
    let tape = Tape()
    let y = tape.variable(Tensor([1.0, 2], shape: [2]))
    let solution = try solve(
      { t, y, _ in [(phase.isBackward ? 1000 * (t * 1000).truncatingRemainder(dividingBy: 1) : 1) * y[0]] },
      initial: [y], from: 0, to: 1, options: SolverOptions(stepControl: .adaptive(AdaptiveSteps(stepLimit: 50))),
      gradient: .adjoint)
    phase.isBackward = true
    let gradients = tape.gradients(of: solution.state[0].sum(), withRespectTo: [y])
    guard case .stepLimit(let time, let limit, _) = try #require(tape.backwardPass.failure) else {
      Issue.record("\(String(describing: tape.backwardPass.failure))")
      return
    }
    #expect(time < 1)
    #expect(limit == 50)
    expectUndefined(gradients)
  }
}
