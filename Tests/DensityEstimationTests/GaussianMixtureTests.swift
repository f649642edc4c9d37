import Foundation
import Testing

@testable import DensityEstimation

@Suite struct GaussianMixtureTests {
  /// Values to 17 digits, by mpmath's `log(ncdf(t))`.
  @Test(
    arguments: [
      (-40.0, -804.60844201375379),
      (-30.5, -469.46273732291211),
      (-30.0, -454.3212439563432),
      (-29.5, -439.42947460915023),
      (-5.0, -15.064998393988726),
      (0.0, -0.69314718055994531),
      (2.0, -0.023012909328963488),
      (9.0, -1.1285884059538406e-19),
    ])
  func `the normal distribution's tail`(t: Double, expected: Double) {
    #expect(abs(logNormalTail(t) / expected - 1) < 1e-12)
  }
}
