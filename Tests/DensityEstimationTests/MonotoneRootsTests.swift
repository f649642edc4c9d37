import Foundation
import Testing

@testable import DensityEstimation

@Suite struct MonotoneRootsTests {
  private static let functions:
    [(name: String, value: @Sendable (Double) -> Double, slope: @Sendable (Double) -> Double)] =
      [
        ("cubic", { $0 * $0 * $0 + 1e-3 * $0 }, { 3 * $0 * $0 + 1e-3 }),
        ("hyperbolic sine", { sinh($0) }, { cosh($0) }),
        (
          "a steep step on a gentle slope", { tanh(1e4 * ($0 - 0.3)) + 1e-4 * $0 },
          { 1e4 / pow(cosh(1e4 * ($0 - 0.3)), 2) + 1e-4 }
        ),
        (
          "steps far apart", { atan(50 * ($0 + 9)) + atan(50 * ($0 - 9)) + 0.01 * $0 },
          {
            50 / (1 + pow(50 * ($0 + 9), 2)) + 50 / (1 + pow(50 * ($0 - 9), 2)) + 0.01
          }
        ),
      ]

  @Test(arguments: functions.indices) func `roots are found from afar`(index: Int) {
    let (name, value, slope) = Self.functions[index]
    let roots = [-700.0, -30, -2.5, -1e-5, 0, 0.3, 1.7, 80, 650]
    for start in [-500.0, 0, 1e3] where name != "hyperbolic sine" || start <= 500 {
      let found = monotoneRoots(of: roots.map(value), start: roots.map { _ in start }) { x in
        (x.map(value), x.map(slope))
      }
      for (a, b) in zip(found, roots) {
        let rounding = 4 * abs(value(b)).ulp / slope(b)
        #expect(abs(a - b) <= 2e-13 * max(1, abs(b)) + rounding, "\(name) from \(start): \(a), not \(b)")
      }
    }
  }

  @Test func `a target that is not finite has no root, and the others keep theirs`() {
    let found = monotoneRoots(of: [.nan, .infinity, 8], start: [0, 0, 0]) { x in
      (x.map { $0 * $0 * $0 }, x.map { 3 * $0 * $0 })
    }
    #expect(found[0].isNaN && found[1].isNaN && abs(found[2] - 2) < 1e-13)
  }
}
