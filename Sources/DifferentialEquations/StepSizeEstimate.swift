import Foundation

// The error of a step of size h is about proportional to h^order. An accepted step of size h_i with error e_i (in
// units of the tolerance) therefore shows that in its part of the interval, steps of size
//
//     s_i = safety h_i / e_i^(1 / order)        (at most as much larger than h_i as the controller allows)
//
// would have been small enough. That part needs h_i / s_i of them, and the whole interval n = sum of h_i / s_i steps
// of size length / n. Where the dynamics vary along the way, this is too large for their stiffest part, so that the
// size is bounded by the smallest s_i. Only steps whose error is well above rounding count for that bound: the error
// of a very small step, such as the first of a cold start, is rounding error and does not shrink with h.

/// An estimate of the step size with which a whole solve would have met the tolerance, from the errors of its accepted
/// steps.
struct StepSizeEstimate {
  /// At order five, steps with an error of 0.08 tolerances. A cold start errs less than the controller's safety factor
  /// alone would allow, because the end of the interval cuts its last step short. With this factor, steps of one size
  /// have no larger an error than a cold start's, and take fewer evaluations.
  private static let safety = 0.6
  /// An error below this fraction of the tolerance may be rounding error.
  private static let leastReliableError = 0.05

  let controller: StepSizeController
  let order: Int
  private var length = 0.0
  private var stepsNeeded = 0.0
  private var least = Double.infinity

  init(controller: StepSizeController, order: Int) {
    self.controller = controller
    self.order = order
  }

  mutating func add(size: Double, error: Double) {
    let factor = error > 0 ? Self.safety * pow(error, -1 / Double(order)) : .infinity
    let suitable = size * min(controller.largestFactor, factor)
    length += size
    stepsNeeded += size / suitable
    if error >= Self.leastReliableError { least = min(least, suitable) }
  }

  /// The step size; nil before the first step.
  var size: Double? { stepsNeeded > 0 ? min(length / stepsNeeded, least) : nil }
}
