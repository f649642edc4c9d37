import Autodiff

/// Statistics of a solve: evaluations, steps, step sizes.
public struct SolveStatistics: Sendable, Equatable {
  /// Evaluations of the dynamics.
  public var evaluations = 0
  /// Steps whose error met the tolerance.
  public var acceptedSteps = 0
  /// Steps whose error did not meet the tolerance, and which were repeated with a smaller size.
  public var rejectedSteps = 0
  /// The accepted step sizes, in order; negative in a solve backward in time.
  public var stepSizes: [Double] = []
  /// The sample of the batch that had the largest error in the smallest step: the one that slows the others down.
  public var stiffestSample: Int?

  /// The statistics of a solve that has not begun.
  public init() {}

  /// The smallest accepted step.
  public var smallestStep: Double? { stepSizes.map { abs($0) }.min() }
}

/// The result of a solve: the state at its end, and statistics.
public struct Solution {
  /// The components of the state at the end of the solve, each of the shape of its initial value.
  public let state: [Variable]
  /// Statistics of the solve.
  public let statistics: SolveStatistics
  /// What a similar solve can start warm with.
  public let solverState: SolverState
}
