import DifferentialEquations
import Runs

extension SolverOptions {
  /// A phrase that describes the solver, such as "dopri5, tolerance 1e-5" or "rk4, 20 steps".
  var summary: String {
    switch stepControl {
    case .fixed(let count):
      return "\(method.name), \(Terminal.count(count, "step"))"
    case .adaptive(let steps):
      let (absolute, relative) = (steps.absoluteTolerance, steps.relativeTolerance)
      return "\(method.name), tolerance \(Setting.number(absolute))"
        + (relative == absolute ? "" : ", relative \(Setting.number(relative))")
    }
  }
}

extension TrainingConfiguration {
  /// A phrase that describes the solver, such as "dopri5, tolerance 1e-5, 0.001 in training".
  var solverSummary: String {
    guard let options = try? solverOptions() else { return solver }
    guard options.method.isAdaptive, let trainingTolerance else { return options.summary }
    return "\(options.summary), \(Setting.number(trainingTolerance)) in training"
  }
}
