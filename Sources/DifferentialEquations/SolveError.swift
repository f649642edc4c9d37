/// Why a solve could not reach its end: at which time, and for which sample of the batch.
public enum SolveError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The error estimate stays above the tolerance however small the step; `sample` has the largest error.
  case stepUnderflow(time: Double, step: Double, sample: Int)
  /// The state or its derivative is infinite or NaN, in a sample and a component of the state.
  case notFinite(time: Double, sample: Int, component: Int)
  /// The limit of steps (``AdaptiveSteps/stepLimit``) was reached before the end; `sample` has the largest error.
  case stepLimit(time: Double, limit: Int, sample: Int)

  /// What happened, where, and what to do about it.
  public var description: String {
    switch self {
    case .stepUnderflow(let time, let step, let sample):
      "the solve is stuck at time \(time): a step of \(step) is still too large for the tolerance; sample \(sample) of "
        + "the batch has the largest error. Loosen the tolerance, or lower the learning rate if training diverges."
    case .notFinite(let time, let sample, let component):
      "the solve met a number that is infinite or undefined at time \(time), in sample \(sample) of the batch "
        + "(component \(component) of the state). The dynamics have diverged, or the sample is far from those that the "
        + "model was trained on: lower the learning rate, or leave the sample out."
    case .stepLimit(let time, let limit, let sample):
      "the solve took \(limit) steps and is only at time \(time); sample \(sample) of the batch has the largest error. "
        + "The tolerance is too small for the precision of the numbers, or the dynamics are stiff: loosen the tolerance, "
        + "or train smoother dynamics."
    }
  }
}
