import Autodiff
import Foundation
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
  let derivatives: (_ time: Double, _ state: [Variable]) -> [Variable]
  /// The tape that the solve is recorded on, from which rejected steps are removed again.
  let tape: Tape?
  /// Called with each accepted step.
  var onAccept: (AcceptedStep) -> Void = { _ in }

  private var tableau: ButcherTableau { options.method }

  init(
    _ options: SolverOptions, tape: Tape? = nil, onAccept: @escaping (AcceptedStep) -> Void = { _ in },
    derivatives: @escaping (_ time: Double, _ state: [Variable]) -> [Variable]
  ) {
    self.options = options
    self.tape = tape
    self.onAccept = onAccept
    self.derivatives = derivatives
  }

  /// Integrates from `start` to `end`, in either direction.
  func integrate(
    from start: Double, to end: Double, _ initial: [Variable]
  ) throws(SolveError) -> (state: [Variable], statistics: SolveStatistics) {
    var statistics = SolveStatistics()
    guard start != end else { return (initial, statistics) }
    precondition(
      tableau.isAdaptive || options.fixedSteps > 0, "solve: \(options.fixedSteps) steps of a fixed size")
    let direction = end > start ? 1.0 : -1.0
    let smallest = 1e-10 * abs(end - start)

    var time = start
    var state = initial
    var first = evaluate(time, state, &statistics)
    var firstEvaluation = 0
    try checkFinite(first, at: time)
    var size: Double
    if tableau.isAdaptive {
      if let firstStep = options.firstStep {
        size = firstStep
      } else {
        size = try initialStep(time, state, first, direction, &statistics)
      }
      size = divided(min(abs(size), abs(end - start)) * direction, remaining: end - start)
    } else {
      size = (end - start) / Double(options.fixedSteps)
    }

    var previousError: Double?
    var smallestAccepted = Double.infinity
    var sustainable = SustainableStep(controller: options.controller, order: tableau.order)
    while (end - time) * direction > 0 {
      let stepCount = statistics.acceptedSteps + statistics.rejectedSteps
      // The last step ends exactly at the end; one that would fall short of it by rounding is extended to it.
      let isLast =
        tableau.isAdaptive
        ? (time + size - end) * direction >= -1e-12 * abs(end - start) : stepCount == options.fixedSteps - 1
      let isShortened = isLast && (time + size - end) * direction > 0
      if isLast { size = end - time }
      let mark = tape?.count ?? 0
      let evaluationsBefore = statistics.evaluations
      let stages = stageSlopes(time, size, state, first, &statistics)
      let next = combination(state, stages, tableau.weights, size)
      let error = tableau.isAdaptive ? self.error(stages, size, state, next) : StepError(norm: 0, sample: 0)
      let factor = options.controller.factor(error: error.norm, previous: previousError, order: tableau.order)

      if error.norm <= 1 {
        statistics.acceptedSteps += 1
        statistics.stepSizes.append(size)
        // A step that was shortened to end at the end does not show that a sample is stiff.
        let judged = isShortened ? .infinity : abs(size)
        if judged < smallestAccepted || statistics.acceptedSteps == 1 {
          smallestAccepted = judged
          statistics.stiffestSample = tableau.isAdaptive ? error.sample : nil
        }
        let numbers = [firstEvaluation] + (0..<(tableau.stages - 1)).map { evaluationsBefore + $0 }
        onAccept(AcceptedStep(time: time, size: size, before: state, evaluations: numbers))
        time = isLast ? end : time + size
        state = next
        previousError = error.norm
        sustainable.add(size: abs(size), error: error.norm)
        if !isLast {
          if tableau.isFirstSameAsLast, let last = stages.last {
            first = last
            firstEvaluation = statistics.evaluations - 1
          } else {
            firstEvaluation = statistics.evaluations
            first = evaluate(time, state, &statistics)
          }
        }
        if !tableau.isAdaptive { try checkFinite(state, at: time) }
      } else {
        statistics.rejectedSteps += 1
        tape?.rewind(to: mark)
        if abs(size) * factor < smallest {
          for components in [next] + stages { try checkFinite(components, at: time) }
          throw .stepUnderflow(time: time, step: size, sample: error.sample)
        }
      }
      if tableau.isAdaptive {
        size = divided(size * factor, remaining: end - time)
        if stepCount + 1 >= options.stepLimit, (end - time) * direction > 0 {
          throw .stepLimit(time: time, limit: options.stepLimit, sample: error.sample)
        }
      }
    }
    if tableau.isAdaptive { statistics.sustainableStep = sustainable.size }
    return (state, statistics)
  }

  /// The state after a step of a given size: for repeating an accepted step.
  func repeated(_ time: Double, _ size: Double, _ state: [Variable]) -> (state: [Variable], evaluations: Int) {
    var statistics = SolveStatistics()
    let first = evaluate(time, state, &statistics)
    // The last stage of an FSAL method has weight zero in this step: it is the first stage of the next.
    let needed = tableau.stages - (tableau.isFirstSameAsLast ? 1 : 0)
    let stages = stageSlopes(time, size, state, first, &statistics, count: needed)
    return (combination(state, stages, tableau.weights, size), statistics.evaluations)
  }

  /// The size of the next step where the controller allows `size`: that, or the even division of what remains.
  private func divided(_ size: Double, remaining: Double) -> Double {
    guard options.dividesEvenly, remaining != 0 else { return size }
    // A number of steps that exceeds an integer by rounding alone is that integer.
    return remaining / max(1, (remaining / size * (1 - 1e-12)).rounded(.up))
  }

  private func evaluate(
    _ time: Double, _ state: [Variable], _ statistics: inout SolveStatistics
  ) -> [Variable] {
    statistics.evaluations += 1
    return derivatives(time, state)
  }

  private func stageSlopes(
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
  private func combination(
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

  // MARK: Error

  struct StepError {
    /// The root mean square of error / (atol + rtol max(|before|, |after|)), the largest over the components in the
    /// norm.
    let norm: Double
    /// The sample with the largest error.
    let sample: Int
  }

  private func error(
    _ stages: [[Variable]], _ size: Double, _ before: [Variable], _ after: [Variable]
  ) -> StepError {
    let used = stages.indices.filter { tableau.errorWeights[$0] != 0 }
    return scaledNorm(
      used.map { (tableau.errorWeights[$0] * size, stages[$0].map(\.value)) }, before.map(\.value),
      after.map(\.value))
  }

  /// The norm of a sum of coefficient * component in units of the tolerance; samples lie along the first axis.
  private func scaledNorm(
    _ terms: [(Double, [Tensor])], _ before: [Tensor], _ after: [Tensor]
  ) -> StepError {
    var norm = 0.0
    var worst = (sample: 0, square: -1.0)
    for c in before.indices where !options.componentsOutsideErrorNorm.contains(c) {
      let samples = max(before[c].shape.first ?? 1, 1)
      let squares = Tensor.scaledErrorSquares(
        terms.map { ($0.0, $0.1[c]) }, before: before[c], after: after[c],
        absoluteTolerance: options.absoluteTolerance, relativeTolerance: options.relativeTolerance,
        samples: samples)
      let width = Double(before[c].count) / Double(samples)
      let mean = squares.reduce(0, +) / (width * Double(samples))
      norm = mean.isNaN ? .nan : max(norm, mean.squareRoot())
      for (sample, square) in squares.enumerated() where !(square / width <= worst.square) {
        worst = (sample, square.isNaN ? .infinity : square / width)
      }
      if norm.isNaN { break }
    }
    return StepError(norm: norm, sample: worst.sample)
  }

  /// The size of the first step, after Hairer, Nørsett, Wanner, section II.4, as torchdiffeq has it. Takes one
  /// evaluation.
  private func initialStep(
    _ time: Double, _ state: [Variable], _ first: [Variable], _ direction: Double,
    _ statistics: inout SolveStatistics
  ) throws(SolveError) -> Double {
    let y = state.map(\.value)
    let f0 = first.map(\.value)
    func norm(_ terms: [(Double, [Tensor])]) -> Double { scaledNorm(terms, y, y).norm }
    let d0 = norm([(1, y)])
    let d1 = norm([(1, f0)])
    let trial = d0 < 1e-5 || d1 < 1e-5 ? 1e-6 : 0.01 * d0 / d1
    let mark = tape?.count ?? 0
    let moved = combination(state, [first], [1], trial * direction)
    let f1 = evaluate(time + trial * direction, moved, &statistics)
    tape?.rewind(to: mark)
    try checkFinite(f1, at: time)
    let d2 = norm([(1, f1.map(\.value)), (-1, f0)]) / trial
    let second =
      d1 <= 1e-15 && d2 <= 1e-15
      ? max(1e-6, trial * 1e-3) : pow(0.01 / max(d1, d2), 1 / Double(tableau.order))
    return min(100 * trial, second)
  }

  private func checkFinite(_ components: [Variable], at time: Double) throws(SolveError) {
    for (c, component) in components.enumerated() {
      guard let index = component.value.firstNonFinite else { continue }
      let width = component.value.count / max(component.shape.first ?? 1, 1)
      throw .notFinite(time: time, sample: index / max(width, 1), component: c)
    }
  }
}
