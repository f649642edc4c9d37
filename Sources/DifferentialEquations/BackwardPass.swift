import Autodiff

/// What the backward pass of solves took, and whether it failed.
public struct BackwardPass: Sendable, Equatable {
  /// Evaluations of the dynamics in the backward pass, or pullbacks of evaluations.
  public var evaluations: Int
  /// Why an adjoint equation could not be solved; the gradient is then NaN. Nil where nothing failed.
  public var failure: SolveError?

  /// A backward pass with so many evaluations.
  public init(evaluations: Int = 0, failure: SolveError? = nil) {
    self.evaluations = evaluations
    self.failure = failure
  }
}

extension Tape {
  /// The backward passes of all solves on this tape taken together, once gradients have been taken; the first failure,
  /// where there is one.
  ///
  /// A solve that is differentiated by ``AdjointMethod/direct`` counts as soon as it is recorded.
  public var backwardPass: BackwardPass {
    reports.lazy.compactMap { $0 as? BackwardPass }.reduce(into: BackwardPass()) { total, solve in
      total.evaluations += solve.evaluations
      total.failure = total.failure ?? solve.failure
    }
  }
}
