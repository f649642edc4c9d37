import Autodiff
import DifferentialEquations
import Kernels
import Randomness
import Tensors
import TestSupport
import Testing

/// A network with everything that a flow's velocity has, small: affine layers with time, images' own low-rank
/// weights, an activation, and a second component that accumulates a number for each sample.
struct SmallNetwork: CustomTestStringConvertible, Sendable {
  let activation: ElementwiseFunction
  var type = ElementType.float64

  static let samples = 3
  private static let layout = LowRankLayout(inputs: 2, rank: 2, outputs: 4, offset: 1)

  var testDescription: String { "\(activation) in \(type)" }

  private func draw(_ shape: [Int], _ index: UInt64, scale: Double = 1) -> Tensor {
    normals(shape, index, scale: scale, type)
  }

  /// The state [samples, 2], and a number for each sample.
  var initial: [Tensor] { [draw([Self.samples, 2], 0), draw([Self.samples], 1)] }

  /// Weight and bias of two layers, and the flow weights of each sample.
  var parameters: [Tensor] {
    [
      draw([4, 3], 2, scale: 0.7), draw([4], 3, scale: 0.3), draw([2, 5], 4, scale: 0.7),
      draw([2], 5, scale: 0.3), draw([Self.samples, 1 + Self.layout.count], 6, scale: 0.5),
    ]
  }

  /// dz/dt = layer 2 of the activation of layer 1, dl/dt = -tanh(z) . dz/dt - l / 4
  var dynamics: Dynamics {
    { [activation] t, state, p in
      let z = state[0]
      let hidden = z.lowRank(
        Self.layout, weights: p[4], adding: z.affine(weight: p[0], bias: p[1], time: t)
      ).applying(activation)
      let velocity = hidden.affine(weight: p[2], bias: p[3], time: t)
      return [velocity, -.rowDot(z.applying(.tanh), velocity) - 0.25 * state[1]]
    }
  }

  /// A number that depends unevenly on everything in the final state.
  func loss(_ state: [Variable]) -> Variable {
    let weights = state.enumerated().map { Variable(draw($1.shape, 20 + UInt64($0))) }
    return (state[0] * weights[0]).sum() + (state[1] * weights[1]).sum() + (state[0] * state[0]).sum()
      + (state[1] * state[1]).sum()
  }

  struct Result {
    let loss: Double
    /// Of the initial state's components, then of the parameters.
    let gradients: [Tensor]
    let solution: Solution
    let backwardPass: BackwardPass
    /// What the solve left on the tape.
    let entries: Int
  }

  /// Solves, and differentiates `scale` times the loss; divides by it again.
  func differentiated(
    _ gradient: AdjointMethod, _ options: SolverOptions, from start: Double = 0, to end: Double = 1,
    scale: Double = 1
  ) throws -> Result {
    let tape = Tape()
    let variables = (initial + parameters).map { tape.variable($0) }
    let before = tape.count
    let solution = try solve(
      dynamics, initial: Array(variables[..<2]), parameters: Array(variables[2...]), from: start, to: end,
      options: options, gradient: gradient)
    let entries = tape.count - before
    let loss = loss(solution.state)
    let gradients = tape.gradients(of: scale * loss, withRespectTo: variables)
    return Result(
      loss: loss.value.scalar, gradients: gradients.map { $0.scaled(by: 1 / scale) }, solution: solution,
      backwardPass: tape.backwardPass, entries: entries)
  }

  /// The loss after a solve from moved inputs: initial state, then parameters.
  func loss(of inputs: [Tensor], _ options: SolverOptions, from start: Double = 0, to end: Double = 1) throws
    -> Double
  {
    let constants = inputs.map { Variable($0) }
    let solution = try solve(
      dynamics, initial: Array(constants[..<2]), parameters: Array(constants[2...]), from: start, to: end,
      options: options)
    return loss(solution.state).value.scalar
  }
}
