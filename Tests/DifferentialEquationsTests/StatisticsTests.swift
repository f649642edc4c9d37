import Autodiff
import DifferentialEquations
import Foundation
import Testing

/// What a solve says it did, on problems and controllers for which that can be counted by hand.
@Suite struct StatisticsTests {
  /// Heun's method with a made-up error estimate, h (f_0 - f_1) / 2: for dy/dt = t it is h^2 / 2 whatever the
  /// time.
  private static let stub = ButcherTableau(
    name: "stub", order: 2, nodes: [0, 1], coefficients: [[], [1]], weights: [0.5, 0.5],
    errorWeights: [0.5, -0.5])

  /// Halves a rejected step, multiplies an accepted one by `growth`, whatever the error.
  private static func controller(growth: Double = 1) -> StepSizeController {
    StepSizeController(
      proportional: 0, integral: 0, safety: growth == 1 ? 1e-3 : growth, smallestFactor: 0.5,
      largestFactor: growth)
  }

  /// Solves dy/dt = t over 0...1 and counts the evaluations.
  private func solveRamp(_ options: SolverOptions, from start: Double = 0, to end: Double = 1) throws -> (
    solution: Solution, calls: Int
  ) {
    let counter = Counter()
    let solution = try solve(
      { t, y, _ in
        counter.count += 1
        return [0 * y[0] + t]
      }, initial: [doubles([0, 0])], from: start, to: end, options: options)
    return (solution, counter.count)
  }

  private final class Counter {
    var count = 0
  }

  private func expectEqual(_ a: [Double], _ b: [Double], sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(a.count == b.count, sourceLocation: sourceLocation)
    for (x, y) in zip(a, b) { #expect(abs(x - y) < 1e-12, sourceLocation: sourceLocation) }
  }

  @Test(arguments: ButcherTableau.all.filter { !$0.isAdaptive })
  func `a method of equal steps evaluates every stage once`(_ method: ButcherTableau) throws {
    let (solution, calls) = try solveRamp(.fixed(method, steps: 7))
    #expect(solution.statistics.evaluations == 7 * method.stages)
    #expect(calls == 7 * method.stages)
    #expect(solution.statistics.acceptedSteps == 7)
    #expect(solution.statistics.rejectedSteps == 0)
    #expect(solution.statistics.stiffestSample == nil)
    expectEqual(solution.statistics.stepSizes, Array(repeating: 1.0 / 7, count: 7))
  }

  @Test(arguments: ButcherTableau.all.filter(\.isAdaptive))
  func `the last stage is evaluated once and serves as the next step's first`(_ method: ButcherTableau) throws {
    let (solution, calls) = try solveRamp(.equalSteps(method, 8))
    #expect(solution.statistics.evaluations == 1 + 8 * (method.stages - 1))
    #expect(calls == solution.statistics.evaluations)
    #expect(solution.statistics.acceptedSteps == 8)
  }

  @Test(arguments: ButcherTableau.all.filter(\.isAdaptive))
  func `choosing the first step costs one evaluation`(_ method: ButcherTableau) throws {
    let (solution, calls) = try solveRamp(SolverOptions(method: method))
    let steps = solution.statistics.acceptedSteps + solution.statistics.rejectedSteps
    #expect(solution.statistics.evaluations == 2 + steps * (method.stages - 1))
    #expect(calls == solution.statistics.evaluations)
  }

  @Test(arguments: [1.0, -1.0])
  func `rejected steps are counted and keep their first stage`(_ direction: Double) throws {
    // The errors of 0.8, 0.4 and 0.2 are 40, 10 and 2.5 tolerances, that of 0.1 is 0.625.
    let steps = AdaptiveSteps(
      absoluteTolerance: 0.008, relativeTolerance: 0, controller: Self.controller(), firstStep: 0.8)
    let options = SolverOptions(method: Self.stub, stepControl: .adaptive(steps))
    let (solution, calls) = try solveRamp(options, from: 0, to: direction)
    let statistics = solution.statistics
    #expect(statistics.acceptedSteps == 10)
    #expect(statistics.rejectedSteps == 3)
    #expect(statistics.evaluations == 10 + 10 + 3)
    #expect(calls == statistics.evaluations)
    expectEqual(statistics.stepSizes, Array(repeating: 0.1 * direction, count: 10))
    #expect(abs((statistics.smallestStep ?? 0) - 0.1) < 1e-12)
    expectEqual(solution.state[0].value.doubles(), [0.5, 0.5])
  }

  @Test func `the step size follows the controller`() throws {
    let steps = AdaptiveSteps(
      absoluteTolerance: 1, relativeTolerance: 0, controller: Self.controller(growth: 2), firstStep: 1.0 / 15)
    let options = SolverOptions(method: Self.stub, stepControl: .adaptive(steps))
    let (solution, _) = try solveRamp(options)
    expectEqual(solution.statistics.stepSizes, [1.0 / 15, 2.0 / 15, 4.0 / 15, 8.0 / 15])
    #expect(solution.statistics.evaluations == 8)
  }

  @Test func `the last step is shortened to end at the end`() throws {
    var options = SolverOptions.equalSteps(.dormandPrince, 1)
    options.adaptive.firstStep = 0.3
    expectEqual(try solveRamp(options).solution.statistics.stepSizes, [0.3, 0.3, 0.3, 0.1])
    options.adaptive.firstStep = 7
    expectEqual(try solveRamp(options).solution.statistics.stepSizes, [1])
  }

  @Test func `a step that would leave a sliver behind is stretched over it`() throws {
    var options = SolverOptions.equalSteps(.dormandPrince, 4)
    options.adaptive.firstStep = 0.25 * (1 - 1e-13)
    let statistics = try solveRamp(options).solution.statistics
    #expect(statistics.acceptedSteps == 4)
  }

  @Test(arguments: ButcherTableau.all, [(0.0, 1.5), (1.5, 0.25)])
  func `step sizes sum to the interval`(_ method: ButcherTableau, _ interval: (Double, Double)) throws {
    let problem = TestProblem.rational
    let statistics = try solve(
      problem.dynamics, initial: problem.state(interval.0), from: interval.0, to: interval.1,
      options: SolverOptions(method: method)
    ).statistics
    #expect(abs(statistics.stepSizes.reduce(0, +) - (interval.1 - interval.0)) < 1e-13)
    #expect(statistics.stepSizes.count == statistics.acceptedSteps)
    #expect(statistics.smallestStep == statistics.stepSizes.map { abs($0) }.min())
  }

  @Test(arguments: [0, 1, 2])
  func `the stiffest sample is the one that oscillates fastest`(_ fastest: Int) throws {
    let frequency = doubles((0..<3).map { sample in [sample == fastest ? 40 : 1] })
    let solution = try solve(
      { _, y, p in [y[1] * p[0], -(y[0] * p[0])] },
      initial: [doubles([[1], [1], [1]]), doubles([[0], [0], [0]])], parameters: [frequency], from: 0, to: 1)
    #expect(solution.statistics.stiffestSample == fastest)
  }

  @Test func `a last step that is short because the end is near does not name the stiffest sample`() throws {
    // Sample 0 has all the error in the first two steps; in the third, which the end cuts short, sample 1 has
    // it.
    let early = doubles([1, 0])
    let late = doubles([0, 1])
    var options = SolverOptions.equalSteps(.dormandPrince, 1)
    options.adaptive.firstStep = 0.45
    let solution = try solve(
      { t, _, _ in [sin(40 * t) * (t < 0.9 ? early : late)] },
      initial: [doubles([0, 0])], from: 0, to: 1, options: options)
    #expect(solution.statistics.acceptedSteps == 3)
    #expect(solution.statistics.stiffestSample == 0)
  }
}
