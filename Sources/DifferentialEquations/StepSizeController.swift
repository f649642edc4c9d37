import Foundation

/// Chooses the next step size from the error of the last: h_new = h * factor, with
///
///     factor = safety / error^(proportional + integral) * previous error^proportional
///
/// within `smallestFactor...largestFactor`. `error` is the error's norm in units of the tolerance, so that a step is
/// accepted at most at 1. (Hairer, Nørsett, Wanner II.4; Hairer and Wanner, "Solving Ordinary Differential Equations
/// II", IV.2, for the proportional part.)
public struct StepSizeController: Sendable, Equatable {
  /// The part of the exponent, times the order, that looks back on the previous error; 0 for a controller without
  /// memory.
  public var proportional: Double
  /// The part of the exponent, times the order, that looks at this step's error alone.
  public var integral: Double
  public var safety: Double
  public var smallestFactor: Double
  public var largestFactor: Double

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

  /// The controller of torchdiffeq, and so of the published model: integral only, never smaller after acceptance.
  public static let integral = StepSizeController(proportional: 0, integral: 1)

  /// A proportional-integral controller: steadier steps where stability and not accuracy limits them.
  public static let proportionalIntegral = StepSizeController(proportional: 0.4, integral: 0.3)

  /// The factor for the next step.
  ///
  /// - Parameters:
  ///   - error: This step's error in units of the tolerance; infinite or not a number where the step failed.
  ///   - previous: The last accepted step's error, if there was one.
  ///   - order: The order of the method.
  public func factor(error: Double, previous: Double?, order: Int) -> Double {
    guard error.isFinite else { return smallestFactor }
    guard error > 0 else { return largestFactor }
    let exponent = 1 / Double(order)
    // Without a previous error, all of the exponent goes to this one.
    let here = pow(error, -(proportional + integral) * exponent)
    let memory = proportional == 0 ? 1 : pow(max(previous ?? 1, 1e-4), proportional * exponent)
    let least = error < 1 ? 1 : smallestFactor
    return min(largestFactor, max(least, safety * here * memory))
  }
}
