import Foundation

/// Chooses the next step size from the errors of the last steps: h_new = h * factor, with
///
///     factor = safety * (error^-(proportional + integral) * previous error^proportional)^(1 / order)
///
/// clamped to `smallestFactor...largestFactor`, and after a step with an error below 1 to at least 1. `error` is the norm of
/// the step's error in units of the tolerance: a step is accepted where it is at most 1.
///
/// Hairer, Nørsett, Wanner, "Solving Ordinary Differential Equations I", section II.4; for the proportional part,
/// Hairer and Wanner, "Solving Ordinary Differential Equations II", section IV.2.
public struct StepSizeController: Sendable, Equatable {
  /// The exponent, times the order, of the ratio of the previous error to this step's; 0 for a controller without
  /// memory.
  public var proportional: Double
  /// The exponent, times the order, of this step's error.
  public var integral: Double
  /// The safety factor: how much smaller than the error estimate allows the next step is.
  public var safety: Double
  /// The least factor by which a step size may change.
  public var smallestFactor: Double
  /// The greatest factor by which a step size may change.
  public var largestFactor: Double

  /// A controller with the given exponents and limits.
  public init(
    proportional: Double, integral: Double, safety: Double = 0.9, smallestFactor: Double = 0.2,
    largestFactor: Double = 10
  ) {
    self.proportional = proportional
    self.integral = integral
    self.safety = safety
    self.smallestFactor = smallestFactor
    self.largestFactor = largestFactor
  }

  /// The controller of torchdiffeq, and so of the published model: integral control only.
  public static let integral = StepSizeController(proportional: 0, integral: 1)

  /// A proportional-integral (PI) controller: steadier step sizes where stability, not accuracy, limits them.
  public static let proportionalIntegral = StepSizeController(proportional: 0.4, integral: 0.3)

  /// The factor by which the next step size differs from this one.
  ///
  /// - Parameters:
  ///   - error: This step's error in units of the tolerance; infinite or NaN where the step failed.
  ///   - previous: The error of the last accepted step; nil before there is one.
  ///   - order: The order of the method.
  public func factor(error: Double, previous: Double?, order: Int) -> Double {
    guard error.isFinite else { return smallestFactor }
    guard error > 0 else { return largestFactor }
    let exponent = 1 / Double(order)
    // Without a previous error, it is taken to be 1: a step that just meets the tolerance.
    let here = pow(error, -(proportional + integral) * exponent)
    let memory = proportional == 0 ? 1 : pow(max(previous ?? 1, 1e-4), proportional * exponent)
    let least = error < 1 ? 1 : smallestFactor
    return min(largestFactor, max(least, safety * here * memory))
  }
}
