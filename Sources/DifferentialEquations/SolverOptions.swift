/// Options of a solve: the method, and how the sizes of its steps are chosen.
///
/// ```swift
/// SolverOptions.adaptive(.tsitouras, tolerance: 1e-6)
/// SolverOptions.fixed(.rungeKutta4, steps: 8)
/// ```
public struct SolverOptions: Sendable, Equatable {
  /// The Runge–Kutta method.
  public var method: ButcherTableau
  /// How the sizes of the steps are chosen. ``StepControl/adaptive(_:)`` needs a method with an error estimate.
  public var stepControl: StepControl

  /// Options of a solve; the defaults are the published model's.
  ///
  /// - Parameters:
  ///   - method: The Runge–Kutta method.
  ///   - stepControl: How the sizes of the steps are chosen; with nil, by the error where the method estimates it, and
  ///     otherwise 20 steps of one size.
  public init(method: ButcherTableau = .dormandPrince, stepControl: StepControl? = nil) {
    self.method = method
    self.stepControl = stepControl ?? (method.isAdaptive ? .adaptive(AdaptiveSteps()) : .fixed(count: 20))
  }

  /// A solve in a number of steps of one size.
  public static func fixed(_ method: ButcherTableau, steps count: Int) -> SolverOptions {
    SolverOptions(method: method, stepControl: .fixed(count: count))
  }

  /// A solve whose step sizes follow the estimated error.
  ///
  /// - Parameters:
  ///   - method: A method with an error estimate.
  ///   - tolerance: The absolute and the relative tolerance.
  public static func adaptive(_ method: ButcherTableau = .dormandPrince, tolerance: Double) -> SolverOptions {
    SolverOptions(
      method: method,
      stepControl: .adaptive(AdaptiveSteps(absoluteTolerance: tolerance, relativeTolerance: tolerance)))
  }

  /// These options with another absolute and relative tolerance; unchanged where the steps are fixed.
  public func solving(toTolerance tolerance: Double) -> SolverOptions {
    guard case .adaptive(var steps) = stepControl else { return self }
    (steps.absoluteTolerance, steps.relativeTolerance) = (tolerance, tolerance)
    return SolverOptions(method: method, stepControl: .adaptive(steps))
  }
}
