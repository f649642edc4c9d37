import Autodiff
import Communication
import Tensors

/// The right-hand side of dy/dt = f(t, y; parameters): the time derivative of each component of the state.
///
/// The parameters are arguments rather than captured, so that each ``AdjointMethod`` can differentiate with respect to
/// them.
public typealias Dynamics = (_ time: Double, _ state: [Variable], _ parameters: [Variable]) -> [Variable]

/// One accepted step.
struct AcceptedStep {
  let time: Double
  let size: Double
  let before: [Variable]
  /// The number of each stage's evaluation, counted in the order of evaluation.
  let evaluations: [Int]
}

/// The integration loop, through which every solve goes: a tableau makes the steps, and a controller accepts or rejects
/// them.
struct Integrator {
  let options: SolverOptions
  /// The components of the state that are left out of the error norm.
  let componentsOutsideErrorNorm: Set<Int>
  let derivatives: (_ time: Double, _ state: [Variable]) -> [Variable]
  /// This rank's part of the batch, where others have the rest: all take the steps that suit the whole batch.
  let batch: BatchShare?
  /// The tape that the solve is recorded on, from which rejected steps are removed again.
  let tape: Tape?
  /// Called with each accepted step.
  var onAccept: (AcceptedStep) -> Void = { _ in }

  var tableau: ButcherTableau { options.method }

  init(
    _ options: SolverOptions, _ componentsOutsideErrorNorm: Set<Int>, batch: BatchShare? = nil, tape: Tape? = nil,
    onAccept: @escaping (AcceptedStep) -> Void = { _ in },
    derivatives: @escaping (_ time: Double, _ state: [Variable]) -> [Variable]
  ) {
    self.options = options
    self.componentsOutsideErrorNorm = componentsOutsideErrorNorm
    self.batch = batch
    self.tape = tape
    self.onAccept = onAccept
    self.derivatives = derivatives
  }

  /// What an integration gives.
  struct Result {
    var state: [Variable]
    var statistics = SolveStatistics()
    var solverState = SolverState()
  }

  /// Integrates from `start` to `end`, in either direction.
  func integrate(
    from start: Double, to end: Double, _ initial: [Variable], startingFrom solverState: SolverState
  ) throws(SolveError) -> Result {
    guard start != end else { return Result(state: initial) }
    var statistics = SolveStatistics()
    let direction = end > start ? 1.0 : -1.0
    let smallest = 1e-10 * abs(end - start)
    /// The next step's size where the controller allows `size`. After a warm start, what remains is divided evenly.
    func next(_ size: Double, remaining: Double) -> Double {
      solverState.isCold ? size : evenDivision(of: remaining, largest: size)
    }

    var time = start
    var state = initial
    var first = evaluate(time, state, &statistics)
    var firstEvaluation = 0
    try checkFinite(first, at: time)
    var size: Double
    let adaptive: AdaptiveSteps?
    switch options.stepControl {
    case .fixed(let count):
      precondition(count > 0, "solve: \(count) steps of a fixed size")
      adaptive = nil
      size = (end - start) / Double(count)
    case .adaptive(let steps):
      precondition(tableau.isAdaptive, "solve: \(tableau.name) has no error estimate, which adaptive steps need")
      adaptive = steps
      if let firstStep = solverState.firstStep ?? steps.firstStep {
        size = firstStep
      } else {
        size = try initialStep(steps, time, state, first, direction, &statistics)
      }
      size = next(min(abs(size), abs(end - start)) * direction, remaining: end - time)
    }

    var previousError: Double?
    var smallestAccepted = Double.infinity
    var estimate = adaptive.map { StepSizeEstimate(controller: $0.controller, order: tableau.order) }
    while (end - time) * direction > 0 {
      let stepCount = statistics.acceptedSteps + statistics.rejectedSteps
      // The last step ends exactly at the end; one that would fall short of it by rounding is extended to it.
      let isLast =
        switch options.stepControl {
        case .fixed(let count): stepCount == count - 1
        case .adaptive: (time + size - end) * direction >= -1e-12 * abs(end - start)
        }
      let isShortened = isLast && (time + size - end) * direction > 0
      if isLast { size = end - time }
      let mark = tape?.count ?? 0
      let evaluationsBefore = statistics.evaluations
      let stages = stageDerivatives(time, size, state, first, &statistics)
      let after = combination(state, stages, tableau.weights, size)
      let error = adaptive.map { self.error($0, stages, size, state, after) } ?? StepError(norm: 0, sample: 0)

      if error.norm <= 1 {
        statistics.acceptedSteps += 1
        statistics.stepSizes.append(size)
        // A step that was shortened to end at the end does not show that a sample is stiff.
        let judged = isShortened ? .infinity : abs(size)
        if judged < smallestAccepted || statistics.acceptedSteps == 1 {
          smallestAccepted = judged
          statistics.stiffestSample = adaptive == nil ? nil : error.sample
        }
        let numbers = [firstEvaluation] + (0..<(tableau.stages - 1)).map { evaluationsBefore + $0 }
        onAccept(AcceptedStep(time: time, size: size, before: state, evaluations: numbers))
        time = isLast ? end : time + size
        state = after
        estimate?.add(size: abs(size), error: error.norm)
        if !isLast {
          if tableau.isFirstSameAsLast, let last = stages.last {
            first = last
            firstEvaluation = statistics.evaluations - 1
          } else {
            firstEvaluation = statistics.evaluations
            first = evaluate(time, state, &statistics)
          }
        }
      } else {
        statistics.rejectedSteps += 1
        tape?.rewind(to: mark)
      }

      guard let adaptive else {
        try checkFinite(state, at: time)
        continue
      }
      let factor = adaptive.controller.factor(error: error.norm, previous: previousError, order: tableau.order)
      if error.norm <= 1 {
        previousError = error.norm
      } else if abs(size) * factor < smallest {
        for components in [after] + stages { try checkFinite(components, at: time) }
        throw .stepUnderflow(time: time, step: size, sample: error.sample)
      }
      size = next(size * factor, remaining: end - time)
      if stepCount + 1 >= adaptive.stepLimit, (end - time) * direction > 0 {
        throw .stepLimit(time: time, limit: adaptive.stepLimit, sample: error.sample)
      }
    }
    return Result(state: state, statistics: statistics, solverState: SolverState(stepSize: estimate?.size))
  }

  /// The state after a step of a given size: for repeating an accepted step.
  func repeated(_ time: Double, _ size: Double, _ state: [Variable]) -> (state: [Variable], evaluations: Int) {
    var statistics = SolveStatistics()
    let first = evaluate(time, state, &statistics)
    // The last stage of an FSAL method has weight zero in this step: it is the first stage of the next.
    let needed = tableau.stages - (tableau.isFirstSameAsLast ? 1 : 0)
    let stages = stageDerivatives(time, size, state, first, &statistics, count: needed)
    return (combination(state, stages, tableau.weights, size), statistics.evaluations)
  }

  /// The size of equal steps over what remains, none larger than `largest`.
  private func evenDivision(of remaining: Double, largest size: Double) -> Double {
    guard remaining != 0 else { return size }
    // A number of steps that exceeds an integer by rounding alone is that integer.
    return remaining / max(1, (remaining / size * (1 - 1e-12)).rounded(.up))
  }

  func evaluate(
    _ time: Double, _ state: [Variable], _ statistics: inout SolveStatistics
  ) -> [Variable] {
    statistics.evaluations += 1
    return derivatives(time, state)
  }

  private func stageDerivatives(
    _ time: Double, _ size: Double, _ state: [Variable], _ first: [Variable],
    _ statistics: inout SolveStatistics, count: Int? = nil
  ) -> [[Variable]] {
    var stages = [first]
    for i in 1..<max(count ?? tableau.stages, 1) {
      let y = combination(state, stages, tableau.coefficients[i], size)
      stages.append(evaluate(time + tableau.nodes[i] * size, y, &statistics))
    }
    return stages
  }

  /// state + size * sum of weight * derivative, component by component.
  func combination(
    _ state: [Variable], _ stages: [[Variable]], _ weights: [Double], _ size: Double
  ) -> [Variable] {
    state.indices.map { c in
      var terms = [(1.0, state[c])]
      for (weight, stage) in zip(weights, stages) where weight != 0 {
        terms.append((weight * size, stage[c]))
      }
      return .linearCombination(terms.map { (coefficient: $0.0, variable: $0.1) })
    }
  }

  func checkFinite(_ components: [Variable], at time: Double) throws(SolveError) {
    var found = firstNonFinite(components)
    if let batch { found = first(found, in: batch) }
    if let found { throw .notFinite(time: time, sample: found.sample, component: found.component) }
  }

  /// Of what each rank found in its part of a batch, the lowest component, and in it the first sample.
  private func first(_ found: (sample: Int, component: Int)?, in batch: BatchShare) -> (sample: Int, component: Int)? {
    let place = found.map { ($0.component, batch.places.lowerBound + $0.sample) } ?? (-1, -1)
    let all = batch.communicator.allGather([Double(place.0), Double(place.1)]).map { (Int($0[0]), Int($0[1])) }
    return all.filter { $0.0 >= 0 }.min { $0 < $1 }.map { (sample: $0.1, component: $0.0) }
  }

  private func firstNonFinite(_ components: [Variable]) -> (sample: Int, component: Int)? {
    for (c, component) in components.enumerated() {
      guard let index = component.value.firstNonFinite else { continue }
      let width = component.value.count / max(component.shape.first ?? 1, 1)
      return (index / max(width, 1), c)
    }
    return nil
  }
}
