import Autodiff
import DifferentialEquations
import Foundation
import Tensors

/// A problem in double precision whose solution is known.
struct TestProblem: Sendable {
  let dynamics: @Sendable (Double, [Variable], [Variable]) -> [Variable]
  /// The components at a time.
  let solution: @Sendable (Double) -> [[Double]]

  func state(_ time: Double) -> [Variable] { solution(time).map { doubles($0) } }

  /// The distance of a state from the solution at a time.
  func error(_ state: [Variable], at time: Double) -> Double {
    zip(state, solution(time)).reduce(0) { sum, pair in
      zip(pair.0.value.doubles(), pair.1).reduce(sum) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }.squareRoot()
  }

  /// dx/dt = -2 t x^2, dw/dt = w x: nonlinear, coupled, dependent on time; x = 1 / (s + t^2) and
  /// w = exp(arctan(t / sqrt s) / sqrt s), for samples of different s.
  static let rational = TestProblem(
    dynamics: { t, y, _ in [(-2 * t) * (y[0] * y[0]), y[1] * y[0]] },
    solution: { t in
      let scales = [0.4, 0.6, 1, 1.5, 2.5]
      return [
        scales.map { s in 1 / (s + t * t) },
        scales.map { s in exp(atan(t / s.squareRoot()) / s.squareRoot()) },
      ]
    })
}

extension TestProblem {
  /// dx/dt = cos(t) x (1 - x), x = 1 / (1 + exp(-(c + sin t))) for samples of different c. Over 0...3, the
  /// error's leading term rules from a few dozen steps on.
  static let logistic = TestProblem(
    dynamics: { t, y, _ in [cos(t) * (y[0] - y[0] * y[0])] },
    solution: { t in [[-2, -1, 0, 1, 2].map { c in 1 / (1 + exp(-(c + sin(t)))) }] })
}

/// A constant vector in double precision.
func doubles(_ scalars: [Double]) -> Variable { Variable(Tensor(scalars, shape: [scalars.count])) }

/// A matrix in double precision.
func doubles(_ rows: [[Double]]) -> Variable {
  Variable(Tensor(rows.flatMap { $0 }, shape: [rows.count, rows[0].count]))
}

extension SolverOptions {
  /// Steps of one size whatever the method: an adaptive one accepts everything and never changes its step.
  static func equalSteps(_ method: ButcherTableau, _ count: Int, over length: Double = 1) -> SolverOptions {
    guard method.isAdaptive else { return .fixed(method, steps: count) }
    let steps = AdaptiveSteps(
      absoluteTolerance: 1e10, relativeTolerance: 1e10,
      controller: StepSizeController(proportional: 0, integral: 1, smallestFactor: 1, largestFactor: 1),
      firstStep: abs(length) / Double(count))
    return SolverOptions(method: method, stepControl: .adaptive(steps))
  }

  /// Steps that follow the tolerance where the method estimates its error, and a number of equal ones otherwise.
  static func suiting(_ method: ButcherTableau, tolerance: Double, steps: Int) -> SolverOptions {
    method.isAdaptive ? .adaptive(method, tolerance: tolerance) : .fixed(method, steps: steps)
  }

  /// The adaptive steps, of options that have them.
  var adaptive: AdaptiveSteps {
    get {
      guard case .adaptive(let steps) = stepControl else { preconditionFailure("\(self)") }
      return steps
    }
    set { stepControl = .adaptive(newValue) }
  }
}
