import Autodiff
import Tensors

extension Problem {
  /// Solves without a tape and keeps the state before each step; the backward pass repeats each step on a tape of its
  /// own, last step first. The gradient is that of the direct method, with the activations of one step in memory.
  func solveCheckpointed() throws(SolveError) -> Solution {
    var steps: [AcceptedStep] = []
    let (dynamics, constants) = (dynamics, constants)
    let integrator = Integrator(
      options, componentsOutsideErrorNorm, batch: batch, onAccept: { steps.append($0) }
    ) { time, state in dynamics(time, state, constants) }
    let result = try integrator.integrate(from: start, to: end, initial.map(\.detached), startingFrom: solverState)
    let (options, accepted) = (options, steps)
    let isTracked = parameters.map(\.isTracked)
    let state = recorded(result.state.map(\.value)) { cotangents in
      var cotangents = cotangents
      var backward = BackwardPass()
      var totals = constants.map { _ in GradientAccumulator() }
      for step in accepted.reversed() {
        let tape = Tape()
        let before = step.before.map { tape.variable($0.value) }
        let local = zip(constants, isTracked).map { $1 ? tape.variable($0.value) : $0 }
        let replay = Integrator(options, []) { time, state in dynamics(time, state, local) }
        let (after, evaluations) = replay.repeated(step.time, step.size, before)
        backward.evaluations += evaluations
        var gradients = tape.pullback(Array(zip(after, cotangents)), to: before + local)
        for c in cotangents.indices {
          cotangents[c] = gradients[c].value(shape: cotangents[c].shape, cotangents[c].elementType)
        }
        for p in totals.indices { totals[p].merge(gradients[before.count + p]) }
      }
      return (cotangents.map { GradientAccumulator($0) }, totals, backward)
    }
    return Solution(state: state, statistics: result.statistics, solverState: result.solverState)
  }
}
