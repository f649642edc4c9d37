/// Options of a solve: the method, the tolerances, the step sizes.
public struct SolverOptions: Sendable, Equatable {
  /// The Runge–Kutta method.
  public var method: ButcherTableau
  /// The absolute part of the error allowed to a step: the root mean square, over each component of the state, of
  /// error / (absolute + relative * |y|) may be at most 1.
  public var absoluteTolerance: Double
  /// The relative part of the error allowed to a step; see ``absoluteTolerance``.
  public var relativeTolerance: Double
  /// How step sizes follow the error. Adaptive methods only.
  public var controller: StepSizeController
  /// The size of the first step; nil to choose it from the problem. Adaptive methods only.
  public var firstStep: Double?
  /// Whether the rest of the interval is divided into steps of one size, the largest that the controller allows. Steps
  /// of one size have the least error for their number; otherwise the last step is whatever the others leave over.
  /// Adaptive methods only.
  public var dividesEvenly: Bool
  /// The number of steps, all of one size, of a method without error estimate.
  public var fixedSteps: Int
  /// The most steps, accepted or rejected, that a solve may take before it fails with
  /// ``SolveError/stepLimit(time:limit:sample:)``.
  public var stepLimit: Int
  /// The indices of components of the state that are left out of the error norm, such as integrals that the rest of the
  /// state does not depend on.
  public var componentsOutsideErrorNorm: Set<Int>

  /// Options of a solve; the defaults are the published model's.
  public init(
    method: ButcherTableau = .dormandPrince, absoluteTolerance: Double = 1e-5,
    relativeTolerance: Double = 1e-5, controller: StepSizeController = .integral, firstStep: Double? = nil,
    dividesEvenly: Bool = false, fixedSteps: Int = 20, stepLimit: Int = 2000,
    componentsOutsideErrorNorm: Set<Int> = []
  ) {
    self.method = method
    self.absoluteTolerance = absoluteTolerance
    self.relativeTolerance = relativeTolerance
    self.controller = controller
    self.firstStep = firstStep
    self.dividesEvenly = dividesEvenly
    self.fixedSteps = fixedSteps
    self.stepLimit = stepLimit
    self.componentsOutsideErrorNorm = componentsOutsideErrorNorm
  }

  /// These options with a warm start: the step size that would have suited a similar, earlier solve.
  ///
  /// The solve begins with that size and divides the interval evenly. This saves the evaluation that chooses the first
  /// step of a cold start, and the small steps that follow it.
  ///
  /// - Parameter step: ``SolveStatistics/sustainableStep`` of the earlier solve; with nil, the options are unchanged.
  public func startingWarm(_ step: Double?) -> SolverOptions {
    guard let step else { return self }
    var options = self
    options.firstStep = step
    options.dividesEvenly = true
    return options
  }

  /// These options without a warm start: for another equation, about which the earlier solve says nothing.
  var startingCold: SolverOptions {
    guard dividesEvenly else { return self }
    var options = self
    (options.firstStep, options.dividesEvenly) = (nil, false)
    return options
  }
}
