import DifferentialEquations
import Foundation
import Testing

/// The error of a solve against the step size, on logarithmic axes: its slope is the method's order.
@Suite struct OrderOfConvergenceTests {
  private func error(_ method: ButcherTableau, _ steps: Int, from start: Double, to end: Double) throws
    -> Double
  {
    let problem = TestProblem.logistic
    let solution = try solve(
      problem.dynamics, initial: problem.state(start), from: start, to: end,
      options: .equalSteps(method, steps, over: end - start))
    #expect(solution.statistics.acceptedSteps == steps)
    #expect(solution.statistics.rejectedSteps == 0)
    return problem.error(solution.state, at: end)
  }

  /// The slope of the straight line nearest to the points.
  private func slope(_ points: [(x: Double, y: Double)]) -> Double {
    let n = Double(points.count)
    let x = points.reduce(0) { $0 + $1.x } / n
    let y = points.reduce(0) { $0 + $1.y } / n
    return points.reduce(0) { $0 + ($1.x - x) * ($1.y - y) }
      / points.reduce(0) { $0 + ($1.x - x) * ($1.x - x) }
  }

  @Test(arguments: ButcherTableau.all, [(0.0, 3.0), (3.0, 0.0)])
  func `the slope of the error is the order`(_ method: ButcherTableau, _ interval: (Double, Double)) throws {
    // Finer for lower orders: far enough for the leading term to rule, not so far that rounding does.
    let counts = method.order > 4 ? [32, 48, 64, 96] : [128, 192, 256, 384]
    let points = try counts.map { count in
      let error = try error(method, count, from: interval.0, to: interval.1)
      return (x: -log(Double(count)), y: log(error))
    }
    let slope = slope(points)
    #expect(abs(slope - Double(method.order)) < 0.15, "\(method.name): slope \(slope)")
  }

  @Test(arguments: ButcherTableau.all.filter(\.isAdaptive))
  func `the error of an adaptive solve follows the tolerance`(_ method: ButcherTableau) throws {
    let problem = TestProblem.logistic
    let errors = try [1e-4, 1e-6, 1e-8, 1e-10].map { tolerance in
      var options = SolverOptions.adaptive(method, tolerance: tolerance)
      options.adaptive.stepLimit = 100_000
      let solution = try solve(problem.dynamics, initial: problem.state(0), from: 0, to: 3, options: options)
      let error = problem.error(solution.state, at: 3)
      #expect(error < 20 * tolerance, "\(method.name) at \(tolerance): \(error)")
      return error
    }
    for (loose, tight) in zip(errors, errors.dropFirst()) { #expect(tight < 0.1 * loose) }
  }
}
