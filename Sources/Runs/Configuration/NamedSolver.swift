import DifferentialEquations
import VariationalAutoencoder

extension SolverOptions {
  /// The options of the solver that a configuration names.
  ///
  /// - Parameters:
  ///   - name: The solver's name, such as `dopri5`.
  ///   - count: The number of steps of a method without error estimate.
  ///   - adaptive: How a method with one chooses its steps.
  /// - Throws: ``RunError/invalidValue(_:)`` for an unknown solver.
  package init(named name: String, steps count: Int, _ adaptive: AdaptiveSteps) throws(RunError) {
    guard let method = ButcherTableau.named(name) else {
      let known = ButcherTableau.all.map(\.name).joined(separator: ", ")
      throw .invalidValue(InvalidValue("solver", name, mustBe: "one of \(known)"))
    }
    self.init(method: method, stepControl: method.isAdaptive ? .adaptive(adaptive) : .fixed(count: count))
  }

  /// How many evaluations of a velocity a training step keeps for its backward pass, at least: of an adaptive solver those
  /// of a single step, one for each stage.
  package func leastKeptEvaluations(_ gradient: AdjointMethod) -> Int {
    guard gradient == .direct, case .fixed(let count) = stepControl else { return method.stages }
    return MemoryEstimate.product(count, method.stages)
  }
}
