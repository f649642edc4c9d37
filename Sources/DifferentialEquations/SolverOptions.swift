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
  /// The number of equal steps of a method without error estimate.
  public var fixedSteps: Int
  /// A solve that has not ended after this many steps, accepted or rejected, is an error.
  public var stepLimit: Int
  /// Components of the state whose error does not matter to the step size, such as integrals that nothing else of the
  /// state depends on.
  public var uncontrolledComponents: Set<Int>

  public init(
    method: ButcherTableau = .dormandPrince, absoluteTolerance: Double = 1e-5,
    relativeTolerance: Double = 1e-5, controller: StepSizeController = .integral, firstStep: Double? = nil,
    fixedSteps: Int = 20, stepLimit: Int = 2000,
    uncontrolledComponents: Set<Int> = []
  ) {
    self.method = method
    self.absoluteTolerance = absoluteTolerance
    self.relativeTolerance = relativeTolerance
    self.controller = controller
    self.firstStep = firstStep
    self.fixedSteps = fixedSteps
    self.stepLimit = stepLimit
    self.uncontrolledComponents = uncontrolledComponents
  }
}
