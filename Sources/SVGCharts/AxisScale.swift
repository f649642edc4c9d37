import Foundation

/// The scale of an axis: its range, and ticks at round numbers.
struct AxisScale: Equatable {
  let range: ClosedRange<Double>
  /// The distance between ticks: 1, 2 or 5 times a power of ten.
  let step: Double

  /// A scale over a range, which is widened where it is a single number.
  ///
  /// - Parameters:
  ///   - range: The range.
  ///   - count: The least number of steps between ticks; there are at most two and a half times as many.
  ///   - smallestStep: The least distance between ticks; 1 for counts.
  init(_ range: ClosedRange<Double>, count: Int, smallestStep: Double = 0) {
    var range = range
    if range.upperBound - range.lowerBound <= abs(range.upperBound) * 1e-9 {
      let half = range.upperBound == 0 ? 0.5 : abs(range.upperBound) * 0.05
      range = range.lowerBound - half...range.upperBound + half
    }
    self.range = range
    let greatest = (range.upperBound - range.lowerBound) / Double(count)
    let power = pow(10, floor(log10(greatest)))
    let step = [5, 2, 1].map { $0 * power }.first { $0 <= greatest } ?? power
    self.step = max(step, smallestStep)
  }

  /// The positions of the ticks.
  var ticks: [Double] {
    let first = (range.lowerBound / step - 1e-9).rounded(.up)
    let last = (range.upperBound / step + 1e-9).rounded(.down)
    return stride(from: first, through: max(first, last), by: 1).map { $0 * step }
      .filter { $0 <= range.upperBound + step * 1e-6 }
  }

  /// The label of a tick, with as many decimals as the distance between ticks needs.
  func label(_ tick: Double) -> String {
    let decimals = max(0, Int((-log10(step) - 1e-9).rounded(.up)))
    return String(format: "%.\(decimals)f", tick == 0 ? 0 : tick)
  }

  /// The position of a number in the range: 0 at its lower bound, 1 at its upper bound.
  func fraction(_ value: Double) -> Double {
    (value - range.lowerBound) / (range.upperBound - range.lowerBound)
  }
}
