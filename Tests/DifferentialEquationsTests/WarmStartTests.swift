import Autodiff
import Foundation
import Tensors
import Testing

@testable import DifferentialEquations

@Suite struct WarmStartTests {
  private static let adaptive = ButcherTableau.all.filter(\.isAdaptive)

  private func solved(
    _ problem: TestProblem, _ options: SolverOptions, startingFrom solverState: SolverState = SolverState(),
    to end: Double = 1
  ) throws -> (error: Double, statistics: SolveStatistics, solverState: SolverState) {
    let solution = try solve(
      problem.dynamics, initial: problem.state(0), from: 0, to: end, options: options, startingFrom: solverState)
    return (problem.error(solution.state, at: end), solution.statistics, solution.solverState)
  }

  @Test(arguments: [(0.3, 4), (0.25, 4), (0.25 * (1 - 1e-14), 4), (0.24, 5), (7.0, 1), (1.0, 1)])
  func `the interval is divided into as few steps of one size as the first allows`(_ step: Double, _ count: Int) throws
  {
    for end in [1.0, -1.0] {
      let sizes = try solved(
        .logistic, .equalSteps(.dormandPrince, 1), startingFrom: SolverState(stepSize: step), to: end
      ).statistics.stepSizes
      #expect(sizes.count == count)
      for size in sizes { #expect(abs(size - end / Double(count)) < 1e-12) }
    }
  }

  @Test(arguments: adaptive, [1e-4, 1e-7])
  func `a warm solve takes fewer evaluations and keeps to the tolerance`(
    _ method: ButcherTableau, _ tolerance: Double
  ) throws {
    let options = SolverOptions.adaptive(method, tolerance: tolerance)
    let cold = try solved(.logistic, options)
    var warm = try solved(.logistic, options, startingFrom: cold.solverState)
    // A second time, for a start that was itself warm.
    for _ in 0..<2 {
      #expect(warm.statistics.evaluations < cold.statistics.evaluations)
      #expect(warm.error < 2 * max(cold.error, tolerance))
      warm = try solved(.logistic, options, startingFrom: warm.solverState)
    }
  }

  @Test func `a warm step that is too long is rejected and what is left is divided evenly`() throws {
    let (error, statistics, _) = try solved(
      .logistic, .adaptive(tolerance: 1e-8), startingFrom: SolverState(stepSize: 3), to: 3)
    #expect(statistics.rejectedSteps > 0)
    #expect(error < 1e-6)
    #expect(abs(statistics.stepSizes.reduce(0, +) - 3) < 1e-12)
    let last = statistics.stepSizes.suffix(2)
    #expect(abs(last[last.startIndex] - last[last.startIndex + 1]) < 1e-12)
  }

  @Test func `the estimated step is the size at which errors are a small part of the tolerance`() {
    let controller = StepSizeController.integral
    var steps = StepSizeEstimate(controller: controller, order: 5)
    #expect(steps.size == nil)
    // Errors of 1/32 and 1: twice the first size would have had an error of one.
    steps.add(size: 0.1, error: 1.0 / 32)
    expectClose(steps.size, 0.6 * 0.2)
    steps.add(size: 0.3, error: 1)
    // Steps of 0.12 for 0.1 and of 0.18 for 0.3: 0.1 / 0.12 + 0.3 / 0.18 = 5 / 2 of them.
    expectClose(steps.size, 0.4 / (5.0 / 2))
    steps.add(size: 0.1, error: 1)
    expectClose(steps.size, 0.06)
  }

  @Test func `an error of zero lets the next steps be as much larger as the controller allows`() {
    var steps = StepSizeEstimate(controller: .integral, order: 5)
    steps.add(size: 0.1, error: 0)
    expectClose(steps.size, 1)
  }

  @Test func `fixed steps neither give a state nor use one`() throws {
    let options = SolverOptions.fixed(.dormandPrince, steps: 3)
    let cold = try solved(.logistic, options)
    let warm = try solved(.logistic, options, startingFrom: SolverState(stepSize: 0.01))
    #expect(cold.solverState.isCold && warm.solverState.isCold)
    #expect(cold.statistics == warm.statistics && cold.statistics.acceptedSteps == 3)
  }

  @Test func `the states of several solves are one`() throws {
    let states = [0.5, 0.25].map { SolverState(stepSize: $0) }
    let joined = SolverState(states)
    #expect(joined.count == 2 && joined[0] == states[0] && joined[1] == states[1] && joined[2].isCold)
    #expect(SolverState(states + [SolverState()]).isCold)
    #expect(SolverState() == SolverState([]))
  }

  @Test func `a state is an array of numbers in JSON, and none but positive ones`() throws {
    func decoded(_ json: String) throws -> SolverState {
      try JSONDecoder().decode(SolverState.self, from: Data(json.utf8))
    }
    let state = SolverState([0.1, 0.7].map { SolverState(stepSize: $0) })
    let json = String(decoding: try JSONEncoder().encode(state), as: UTF8.self)
    #expect(json == "[0.1,0.7]")
    #expect(try decoded(json) == state)
    #expect(try decoded("[]").isCold)
    for json in ["[0.1,0]", "[-1]", "0.1", "null"] { #expect(throws: DecodingError.self) { try decoded(json) } }
  }

  @Test func `the adjoint's own solve starts cold`() throws {
    func backwardEvaluations(_ solverState: SolverState) throws -> Int {
      let tape = Tape()
      let problem = TestProblem.logistic
      let initial = problem.state(0).map { tape.variable($0.value) }
      let solution = try solve(
        problem.dynamics, initial: initial, from: 0, to: 1, gradient: .adjoint,
        startingFrom: solverState)
      _ = tape.gradients(of: solution.state[0].sum(), withRespectTo: initial)
      return tape.backwardPass.evaluations
    }
    let cold = try backwardEvaluations(SolverState())
    #expect(try backwardEvaluations(SolverState(stepSize: 1)) == cold)
  }

  private func expectClose(_ a: Double?, _ b: Double, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(abs((a ?? .nan) - b) < 1e-12, "\(a ?? .nan), not \(b)", sourceLocation: sourceLocation)
  }
}
