import Foundation

/// A range of numbers along a side of a chart, with round numbers to mark on it.
struct AxisScale: Equatable {
  let range: ClosedRange<Double>
  /// The distance of two marks: 1, 2 or 5 times a power of ten.
  let step: Double

  /// A scale over a range, widened where it is a single number.
  ///
  /// - Parameters:
  ///   - count: How many steps there are at least; there are at most two and a half times as many.
  ///   - smallestStep: No step is smaller; 1 where the numbers are counts.
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

  /// The numbers to mark.
  var ticks: [Double] {
    let first = (range.lowerBound / step - 1e-9).rounded(.up)
    let last = (range.upperBound / step + 1e-9).rounded(.down)
    return stride(from: first, through: max(first, last), by: 1).map { $0 * step }
      .filter { $0 <= range.upperBound + step * 1e-6 }
  }

  /// A mark's number with as many decimals as tell it from the next.
  func label(_ tick: Double) -> String {
    let decimals = max(0, Int((-log10(step) - 1e-9).rounded(.up)))
    return String(format: "%.\(decimals)f", tick == 0 ? 0 : tick)
  }

  /// Where a number lies in the range: 0 at its beginning, 1 at its end.
  func fraction(_ value: Double) -> Double {
    (value - range.lowerBound) / (range.upperBound - range.lowerBound)
  }
}
