import Autodiff
import DifferentialEquations
import Foundation
import Testing

@Suite struct ReverseTimeTests {
  @Test(arguments: ButcherTableau.all)
  func `solving backward from the end gives the start back`(_ method: ButcherTableau) throws {
    let problem = TestProblem.rational
    let steps = 400
    let options = SolverOptions.suiting(method, tolerance: 1e-9, steps: steps)
    let there = try solve(problem.dynamics, initial: problem.state(0), from: 0, to: 1.5, options: options)
    let back = try solve(problem.dynamics, initial: there.state, from: 1.5, to: 0, options: options)
    // Methods of equal steps are as exact as their order makes them, the others as their tolerance.
    let tolerance = method.isAdaptive ? 1e-6 : 40 * pow(1.5 / Double(steps), Double(method.order))
    #expect(problem.error(back.state, at: 0) < tolerance)
    #expect(back.statistics.stepSizes.allSatisfy { $0 < 0 })
  }

  @Test(arguments: ButcherTableau.all)
  func `backward in time is forward on the mirrored equation`(_ method: ButcherTableau) throws {
    let problem = TestProblem.rational
    let options = SolverOptions(method: method)
    let backward = try solve(
      problem.dynamics, initial: problem.state(1.5), from: 1.5, to: 0, options: options)
    let mirrored = try solve(
      { t, y, p in problem.dynamics(-t, y, p).map { -$0 } }, initial: problem.state(1.5), from: -1.5, to: 0,
      options: options)
    for (a, b) in zip(backward.state, mirrored.state) {
      for (x, y) in zip(a.value.doubles(), b.value.doubles()) { #expect(abs(x - y) < 1e-12) }
    }
    #expect(backward.statistics.evaluations == mirrored.statistics.evaluations)
    for (a, b) in zip(backward.statistics.stepSizes, mirrored.statistics.stepSizes) {
      #expect(abs(a + b) < 1e-10)
    }
  }

  @Test func `an interval without length changes nothing and evaluates nothing`() throws {
    let initial = doubles([1, 2])
    let solution = try solve({ _, y, _ in y }, initial: [initial], from: 0.5, to: 0.5)
    #expect(solution.state[0].value.doubles() == [1, 2])
    #expect(solution.statistics == SolveStatistics())
  }
}
