import Autodiff
import Tensors

// With the adjoint a(t) = dL/dy(t), (Chen et al. 2018, "Neural Ordinary Differential Equations", appendix B)
//
//     da/dt = -a^T df/dy        dL/dparameters = integral from start to end of a^T df/dparameters dt
//
// so y and a are solved together from the end back to the start. The last integral is a quadrature along that solve:
// it depends on y and a, but they do not depend on it. It is therefore no part of the state, where it would take part
// in the error control and be copied at each stage (compare Kidger et al. 2021, "Hey, that's not an ODE"). With the
// weights b_i of the Runge–Kutta method, an accepted step contributes h sum of b_i (a^T df/dparameters at stage i).
//
// The equation of a is linear, so a is scaled to a root mean square of one before the solve, and back after it: the
// absolute tolerance then has the same effect whatever the scale of the loss.

extension Problem {
  /// Solves without a tape and keeps only the final state; the backward pass solves the adjoint equation.
  func solveWithAdjoint() throws(SolveError) -> Solution {
    let (dynamics, constants, options, start, end) = (dynamics, constants, options, start, end)
    let (outside, batch) = (componentsOutsideErrorNorm, batch)
    let integrator = Integrator(options, outside, batch: batch) { time, state in dynamics(time, state, constants) }
    let result = try integrator.integrate(from: start, to: end, initial.map(\.detached), startingFrom: solverState)
    let state = result.state
    let isTracked = parameters.map(\.isTracked)
    let results = recorded(state.map(\.value)) { cotangents in
      let own = [cotangents.reduce(0) { $0 + $1.sumOfSquares() }, Double(cotangents.reduce(0) { $0 + $1.count })]
      let (squares, count) = { ($0[0], $0[1]) }(batch?.sum(own) ?? own)
      let scale = squares > 0 ? (squares / count).squareRoot() : 1
      let adjoints = cotangents.map { Variable($0.scaled(by: 1 / scale)) }
      let components = state.count

      var totals = constants.map { _ in GradientAccumulator() }
      /// The parameters' gradients of the evaluations whose step may still be accepted, by the evaluation's number.
      var contributions: [Int: [GradientAccumulator]] = [:]
      var evaluation = 0

      func derivatives(_ time: Double, _ joint: [Variable]) -> [Variable] {
        let tape = Tape()
        let y = joint[..<components].map { tape.variable($0.value) }
        let local = zip(constants, isTracked).map { $1 ? tape.variable($0.value) : $0 }
        let derivative = dynamics(time, y, local)
        let seeds = zip(derivative, joint[components...]).map { ($0, $1.value) }
        var gradients = tape.pullback(Array(seeds), to: y + local)
        contributions[evaluation] = Array(gradients[components...])
        evaluation += 1
        return derivative.map(\.detached)
          + y.indices.map {
            Variable(gradients[$0].value(shape: y[$0].shape, y[$0].value.elementType).scaled(by: -1))
          }
      }
      func accept(_ step: AcceptedStep) {
        for (number, weight) in zip(step.evaluations, options.method.weights) where weight != 0 {
          guard let contribution = contributions[number] else { continue }
          // The solve runs backward in time: its steps are negative, and the integral above runs the other way.
          for p in totals.indices { totals[p].merge(contribution[p], scale: -step.size * weight * scale) }
        }
        let last = step.evaluations.last ?? 0
        contributions = contributions.filter { $0.key >= last }
      }
      let integrator = Integrator(
        options, outside, batch: batch, onAccept: accept, derivatives: derivatives)
      let initial = state.map(\.detached) + adjoints
      do throws(SolveError) {
        // A cold start: the forward solve says nothing about this equation.
        let backward = try integrator.integrate(from: end, to: start, initial, startingFrom: SolverState())
        let gradients = backward.state[components...].map { GradientAccumulator($0.value.scaled(by: scale)) }
        return (gradients, totals, BackwardPass(evaluations: backward.statistics.evaluations))
      } catch {
        // A pullback cannot throw. The gradient becomes NaN, and the report tells whoever uses it why.
        func undefined(_ like: Tensor) -> GradientAccumulator {
          GradientAccumulator(Tensor(repeating: .nan, shape: like.shape, like.elementType))
        }
        return (
          cotangents.map { undefined($0) }, constants.map { undefined($0.value) }, BackwardPass(failure: error)
        )
      }
    }
    return Solution(state: results, statistics: result.statistics, solverState: result.solverState)
  }
}
