import Autodiff

/// What a solve did.
public struct SolveStatistics: Sendable, Equatable {
  /// Evaluations of the dynamics.
  public var evaluations = 0
  /// Steps that met the tolerance.
  public var acceptedSteps = 0
  /// Steps that did not, and were repeated smaller.
  public var rejectedSteps = 0
  /// The accepted step sizes, in order; negative in a solve backward in time.
  public var stepSizes: [Double] = []
  /// The step size that the errors of the accepted steps let one expect to meet the tolerance throughout, of adaptive
  /// methods: the start for another solve of the same kind. See ``SolverOptions/startingWarm(_:)``.
  public var sustainableStep: Double?
  /// The sample that had the largest error in the smallest step: the one that slows the batch.
  public var stiffestSample: Int?

  public init() {}

  /// The smallest accepted step.
  public var smallestStep: Double? { stepSizes.map { abs($0) }.min() }
}

/// What differentiating a solve took; filled in when the tape is walked backward.
public final class BackwardPass {
  /// Evaluations, or pullbacks of evaluations.
  public internal(set) var evaluations = 0
  /// Why the adjoint equation could not be solved, in which case the gradient is not a number.
  public internal(set) var failure: SolveError?
}

/// The state at the end of a solve.
public struct Solution {
  /// The components of the state, each shaped as it began.
  public let state: [Variable]
  public let statistics: SolveStatistics
  public let backwardPass: BackwardPass
}
