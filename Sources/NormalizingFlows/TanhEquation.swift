import Foundation

/// The scalar equation x + s tanh(x) = r with s > -1, by which planar and Sylvester flows are inverted.
///
/// The left side is increasing: its derivative 1 + s (1 - tanh^2 x) is positive. The solution lies between r - |s| and
/// r + |s|. It is found by Newton's method, safeguarded by a bracket that each step narrows, and so converges for
/// every s, to rounding.
struct TanhEquation {
  let coefficient: Double
  let rightSide: Double

  /// tanh of the solution.
  var hyperbolicTangent: Double { tanh(solution) }

  var solution: Double {
    var (low, high) = (rightSide - abs(coefficient), rightSide + abs(coefficient))
    var x = rightSide / (1 + max(coefficient, 0))
    for _ in 0..<200 {
      let h = tanh(x)
      let excess = x + coefficient * h - rightSide
      if excess == 0 { return x }
      if excess > 0 { high = min(high, x) } else { low = max(low, x) }
      let derivative = 1 + coefficient * (1 - h * h)
      var next = derivative > 0 ? x - excess / derivative : low
      if !(next > low && next < high) { next = 0.5 * (low + high) }
      if next == x || abs(next - x) <= 1e-16 * abs(x) { return next }
      x = next
    }
    return x
  }
}
