import Autodiff

extension Problem {
  /// Records the solve on the caller's tape. Every accepted evaluation stays there, so that the backward pass gives the
  /// exact gradient of the discrete solve. Step sizes are constants of that gradient.
  func solveDirectly() throws(SolveError) -> Solution {
    let parameters = parameters
    let dynamics = dynamics
    let tape = (initial + parameters).lazy.compactMap(\.recordingTape).first
    let integrator = Integrator(options, componentsOutsideErrorNorm, batch: batch, tape: tape) { time, state in
      dynamics(time, state, parameters)
    }
    let result = try integrator.integrate(from: start, to: end, initial, startingFrom: solverState)
    let stages = options.method.stages - (options.method.isFirstSameAsLast ? 1 : 0)
    tape?.report(BackwardPass(evaluations: result.statistics.acceptedSteps * stages))
    return Solution(state: result.state, statistics: result.statistics, solverState: result.solverState)
  }
}
