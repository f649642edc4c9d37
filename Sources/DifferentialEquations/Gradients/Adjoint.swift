import Autodiff
import Tensors

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
      let equation = AdjointEquation(
        dynamics, constants: constants, isTracked: isTracked, weights: options.method.weights, scale: scale,
        componentCount: state.count)
      let integrator = Integrator(
        options, outside, batch: batch, onAccept: equation.accept, derivatives: equation.derivatives)
      let initial = state.map(\.detached) + cotangents.map { Variable($0.scaled(by: 1 / scale)) }
      do throws(SolveError) {
        // A cold start: the forward solve says nothing about this equation.
        let backward = try integrator.integrate(from: end, to: start, initial, startingFrom: SolverState())
        let gradients = backward.state[state.count...].map { GradientAccumulator($0.value.scaled(by: scale)) }
        return (gradients, equation.integrals, BackwardPass(evaluations: backward.statistics.evaluations))
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
