/// How the sizes of a solve's steps are chosen.
public enum StepControl: Sendable, Equatable {
  /// A number of steps of one size.
  case fixed(count: Int)
  /// Steps whose sizes follow the method's estimate of their error.
  case adaptive(AdaptiveSteps)
}

/// Adaptive step control: what error a step may have, and how the next step's size follows from it.
///
/// The norm of a step's error is the root mean square, over each component of the state, of
/// error / (absolute + relative * max(|before|, |after|)), the largest over the components. A step is accepted where it
/// is at most 1, and otherwise repeated with a smaller size.
public struct AdaptiveSteps: Sendable, Equatable {
  /// The absolute part of the error allowed to a step.
  public var absoluteTolerance: Double
  /// The relative part of the error allowed to a step.
  public var relativeTolerance: Double
  /// How step sizes follow the error.
  public var controller: StepSizeController
  /// The size of the first step of a cold start; nil to choose it from the problem.
  public var firstStep: Double?
  /// The most steps, accepted or rejected, that a solve may take before it fails with
  /// ``SolveError/stepLimit(time:limit:sample:)``.
  public var stepLimit: Int

  /// Adaptive steps; the defaults are the published model's.
  public init(
    absoluteTolerance: Double = 1e-5, relativeTolerance: Double = 1e-5, controller: StepSizeController = .integral,
    firstStep: Double? = nil, stepLimit: Int = 2000
  ) {
    self.absoluteTolerance = absoluteTolerance
    self.relativeTolerance = relativeTolerance
    self.controller = controller
    self.firstStep = firstStep
    self.stepLimit = stepLimit
  }
}
