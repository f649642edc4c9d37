/// For each of many increasing functions onto all numbers, the x at which it takes its target.
///
/// Newton's method, kept within the bracket that the evaluations so far leave, with bisection where a step leaves it or
/// does not halve the last but one; before there is a bracket, steps double. The error of x is about 1e-13 of max(1,
/// |x|), and the rounding error of the function divided by its derivative. Where a target is not finite, or a function
/// is not a number, x is not a number.
///
/// - Parameters:
///   - targets: The values to be taken.
///   - start: Where the search begins.
///   - evaluate: The functions at a point each, and their derivatives there.
func monotoneRoots(
  of targets: [Double], start: [Double], _ evaluate: ([Double]) -> (values: [Double], slopes: [Double])
) -> [Double] {
  var searches = zip(targets, start).map { MonotoneRootSearch(target: $0, x: $1) }
  // Steps double over the whole range of numbers, and then a bisection halves it: far fewer are ever needed.
  for _ in 0..<2200 where searches.contains(where: { !$0.isDone }) {
    let (values, slopes) = evaluate(searches.map(\.x))
    for i in searches.indices { searches[i].take(value: values[i], slope: slopes[i]) }
  }
  return searches.map(\.x)
}

/// The search for the x at which an increasing function takes its target.
private struct MonotoneRootSearch {
  let target: Double
  private(set) var x: Double
  private(set) var isDone = false
  private var lower = -Double.infinity
  private var upper = Double.infinity
  private var stride = 1.0
  private var lastStep = Double.infinity
  private var lastStepButOne = Double.infinity

  init(target: Double, x: Double) {
    self.target = target
    self.x = x
    guard !target.isFinite || !x.isFinite else { return }
    self.x = .nan
    isDone = true
  }

  /// Goes on from the function's value and derivative at x.
  mutating func take(value: Double, slope: Double) {
    guard !isDone else { return }
    let excess = value - target
    guard !excess.isNaN else {
      (x, isDone) = (.nan, true)
      return
    }
    guard excess != 0 else {
      isDone = true
      return
    }
    if excess < 0 { lower = x } else { upper = x }
    let newton = -excess / slope
    var step: Double
    if lower.isFinite && upper.isFinite {
      step = newton
      if !(lower < x + step && x + step < upper && abs(step) <= abs(lastStepButOne) / 2) {
        step = lower + (upper - lower) / 2 - x
      }
    } else {
      // Newton's step, unless it is too long to be trusted; it need not lead to the other side.
      step = (excess < 0 ? 1 : -1) * (abs(newton) < stride ? 2 * abs(newton) : stride)
      stride *= 2
    }
    x += step
    (lastStepButOne, lastStep) = (lastStep, step)
    isDone = abs(step) <= 1e-13 * max(1, abs(x))
  }
}
