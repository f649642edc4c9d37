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

  /// The first stage of a step: the derivatives at its beginning, and the number of their evaluation.
  private struct FirstStage {
    var derivatives: [Variable]
    var evaluation: Int
  }

  /// What a step that is tried comes to.
  private struct Attempt {
    let stages: [[Variable]]
    let after: [Variable]
    let error: StepError
    /// The number of each stage's evaluation.
    let evaluations: [Int]

    var isAccepted: Bool { error.norm <= 1 }
  }

  /// Integrates from `start` to `end`, in either direction.
  func integrate(
    from start: Double, to end: Double, _ initial: [Variable], startingFrom solverState: SolverState
  ) throws(SolveError) -> Result {
    guard start != end else { return Result(state: initial) }
    var result = Result(state: initial)
    var time = start
    var first = FirstStage(derivatives: evaluate(time, initial, &result.statistics), evaluation: 0)
    try checkFinite(first.derivatives, at: time)
    var steps = try stepSequence(from: start, to: end, first.derivatives, &result, startingFrom: solverState)
    var estimate = adaptive.map { StepSizeEstimate(controller: $0.controller, order: tableau.order) }
    var smallestAccepted = Double.infinity
    var count = 0
    while let step = steps.next(at: time, count: count) {
      count += 1
      let mark = tape?.count ?? 0
      let attempt = attempted(step, result.state, first, &result.statistics)
      if attempt.isAccepted {
        accept(attempt, of: step, &result, smallest: &smallestAccepted)
        estimate?.add(size: abs(step.size), error: attempt.error.norm)
        time = step.isLast ? end : time + step.size
        if !step.isLast { first = firstStage(after: attempt, at: time, &result) }
      } else {
        result.statistics.rejectedSteps += 1
        tape?.rewind(to: mark)
      }
      guard let adaptive else {
        try checkFinite(result.state, at: time)
        continue
      }
      steps.adapt(to: attempt.error.norm, of: step, at: time)
      if !attempt.isAccepted, steps.isStuck {
        for components in [attempt.after] + attempt.stages { try checkFinite(components, at: time) }
        throw .stepUnderflow(time: time, step: step.size, sample: attempt.error.sample)
      }
      if count >= adaptive.stepLimit, time != end {
        throw .stepLimit(time: time, limit: adaptive.stepLimit, sample: attempt.error.sample)
      }
    }
    result.solverState = SolverState(stepSize: estimate?.size)
    return result
  }

  /// What chooses the sizes of adaptive steps; nil for equal ones.
  private var adaptive: AdaptiveSteps? {
    if case .adaptive(let steps) = options.stepControl { steps } else { nil }
  }

  /// The steps of a solve, the first of the size that the solve before would have had, or that was asked for, or that the
  /// derivatives suggest.
  private func stepSequence(
    from start: Double, to end: Double, _ first: [Variable], _ result: inout Result,
    startingFrom solverState: SolverState
  ) throws(SolveError) -> StepSequence {
    var firstSize = 0.0
    if let adaptive {
      precondition(tableau.isAdaptive, "solve: \(tableau.name) has no error estimate, which adaptive steps need")
      if let known = solverState.firstStep ?? adaptive.firstStep {
        firstSize = known
      } else {
        firstSize = try initialStep(adaptive, start, result.state, first, end > start ? 1 : -1, &result.statistics)
      }
    }
    return StepSequence(
      from: start, to: end, options.stepControl, order: tableau.order, firstSize: firstSize,
      isEvenlyDivided: !solverState.isCold)
  }

  /// What a step comes to.
  private func attempted(
    _ step: ProposedStep, _ state: [Variable], _ first: FirstStage, _ statistics: inout SolveStatistics
  ) -> Attempt {
    let before = statistics.evaluations
    let stages = stageDerivatives(step.time, step.size, state, first.derivatives, &statistics)
    let after = combination(state, stages, tableau.weights, step.size)
    let error = adaptive.map { self.error($0, stages, step.size, state, after) }
    return Attempt(
      stages: stages, after: after, error: error ?? StepError(norm: 0, sample: 0),
      evaluations: [first.evaluation] + (before..<before + tableau.stages - 1))
  }

  /// Goes on from where an accepted step ends.
  private func accept(
    _ attempt: Attempt, of step: ProposedStep, _ result: inout Result, smallest: inout Double
  ) {
    result.statistics.acceptedSteps += 1
    result.statistics.stepSizes.append(step.size)
    // A step that was shortened to end at the end does not show that a sample is stiff.
    let judged = step.isShortened ? .infinity : abs(step.size)
    if judged < smallest || result.statistics.acceptedSteps == 1 {
      smallest = judged
      result.statistics.stiffestSample = adaptive == nil ? nil : attempt.error.sample
    }
    onAccept(
      AcceptedStep(time: step.time, size: step.size, before: result.state, evaluations: attempt.evaluations))
    result.state = attempt.after
  }

  /// The first stage of the next step: the last one of this step, where the method has it so, or another evaluation.
  private func firstStage(after attempt: Attempt, at time: Double, _ result: inout Result) -> FirstStage {
    if tableau.isFirstSameAsLast, let last = attempt.stages.last {
      return FirstStage(derivatives: last, evaluation: result.statistics.evaluations - 1)
    }
    let number = result.statistics.evaluations
    return FirstStage(derivatives: evaluate(time, result.state, &result.statistics), evaluation: number)
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
