import Autodiff

extension Problem {
  /// Solves on the tape itself: every accepted evaluation stays there, and walking the tape backward gives the exact
  /// gradient of the discrete solve. Step sizes are numbers and are not differentiated.
  func solveDirectly() throws(SolveError) -> Solution {
    let parameters = parameters
    let dynamics = dynamics
    let tape = (initial + parameters).lazy.compactMap(\.recordingTape).first
    let integrator = Integrator(options, tape: tape) { time, state in dynamics(time, state, parameters) }
    let (state, statistics) = try integrator.integrate(from: start, to: end, initial)
    let backward = BackwardPass()
    if tape != nil {
      let stages = options.method.stages - (options.method.isFirstSameAsLast ? 1 : 0)
      backward.evaluations = statistics.acceptedSteps * stages
    }
    return Solution(state: state, statistics: statistics, backwardPass: backward)
  }
}
