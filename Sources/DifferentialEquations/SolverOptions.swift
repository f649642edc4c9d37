/// How a differential equation is solved.
public struct SolverOptions: Sendable, Equatable {
  /// The Runge–Kutta method.
  public var method: ButcherTableau
  /// The error allowed to a step: absolute + relative * |y|, in the root mean square over each component of the state.
  public var absoluteTolerance: Double
  public var relativeTolerance: Double
  /// How step sizes follow the error; for adaptive methods.
  public var controller: StepSizeController
  /// The size of the first step; by default chosen from the problem. For adaptive methods.
  public var firstStep: Double?
  /// Whether what is left of the interval is divided into steps of one size, as many as it takes for none to be larger
  /// than the controller allows. Steps of one size have the least error for their number; otherwise the last step takes
  /// what the others have left. For adaptive methods.
  public var dividesEvenly: Bool
  /// The number of equal steps of a method without error estimate.
  public var fixedSteps: Int
  /// A solve that has not ended after this many steps, accepted or rejected, is an error.
  public var stepLimit: Int
  /// Components of the state whose error does not matter to the step size, such as integrals that nothing else of the
  /// state depends on.
  public var componentsOutsideErrorNorm: Set<Int>

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

  /// These options for a solve much like one that is done, which could have kept to steps of a size: it begins with
  /// that size, which spares the evaluation and the small first steps of finding it, and divides the interval evenly.
  ///
  /// - Parameter step: ``SolveStatistics/sustainableStep`` of the other solve; without, the options are as they were.
  public func startingWarm(_ step: Double?) -> SolverOptions {
    guard let step else { return self }
    var options = self
    options.firstStep = step
    options.dividesEvenly = true
    return options
  }

  /// These options without a warm start: for another equation, to which the other solve says nothing.
  var startingCold: SolverOptions {
    guard dividesEvenly else { return self }
    var options = self
    (options.firstStep, options.dividesEvenly) = (nil, false)
    return options
  }
}
