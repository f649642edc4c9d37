import Foundation

// The error of a step of size h is about proportional to h^order, so an accepted step of size h_i and error e_i (in units
// of the tolerance) says that, where it lay, steps of
//
//     s_i = safety h_i / e_i^(1 / order)        (at most as much larger than h_i as the controller allows)
//
// would do: its stretch of the interval needs h_i / s_i of them, the interval n = sum of h_i / s_i, each of length / n.
// Where the dynamics differ along the way, that is too long for their hardest part, so no step is longer than the least
// s_i; of those steps alone whose error is large enough to be more than rounding, for the error of a very small step (the
// first of a cold start) is that of the arithmetic and shrinks no further with h.

/// The step size that the errors of a solve's accepted steps allow.
struct SustainableStep {
  /// Steps of 0.08 tolerances. A cold start ends with steps far smaller than the controller's safety would have them,
  /// because the interval ends; at this safety, steps of one size err no more than they do, with fewer evaluations.
  private static let safety = 0.6
  /// Below this share of the tolerance, an error may be rounding.
  private static let tellingError = 0.05

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
    let sustainable = size * min(controller.largestFactor, factor)
    length += size
    stepsNeeded += size / sustainable
    if error >= Self.tellingError { least = min(least, sustainable) }
  }

  /// The size; none before any step.
  var size: Double? { stepsNeeded > 0 ? min(length / stepsNeeded, least) : nil }
}
