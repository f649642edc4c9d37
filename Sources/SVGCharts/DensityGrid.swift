/// The density of a distribution in the plane, at the points of a grid.
public struct DensityGrid: Sendable {
  /// The horizontal range of the points.
  public let x: ClosedRange<Double>
  /// The vertical range of the points.
  public let y: ClosedRange<Double>
  /// The number of points along either axis, at least two.
  public let side: Int
  /// The densities, row by row from the least y, each row from the least x.
  public let values: [Double]

  /// Densities at the points that ``points(x:y:side:)`` lists.
  public init(x: ClosedRange<Double>, y: ClosedRange<Double>, side: Int, values: [Double]) {
    precondition(side > 1 && values.count == side * side, "DensityGrid: \(values.count) values for a side of \(side)")
    (self.x, self.y, self.side, self.values) = (x, y, side, values)
  }

  /// The points of a grid, row by row from the least y, each row from the least x.
  public static func points(x: ClosedRange<Double>, y: ClosedRange<Double>, side: Int) -> [(x: Double, y: Double)] {
    (0..<side * side).map {
      (coordinate(Double($0 % side), along: x, side: side), coordinate(Double($0 / side), along: y, side: side))
    }
  }

  /// The coordinate of a place along an axis, where the points of the grid are at whole numbers from 0.
  static func coordinate(_ place: Double, along range: ClosedRange<Double>, side: Int) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * place / Double(side - 1)
  }

  /// The probability that lies within the grid, by the rectangle rule: about 1 where the grid holds all of it.
  public var mass: Double {
    let steps = Double(side - 1) * Double(side - 1)
    return values.reduce(0, +) * (x.upperBound - x.lowerBound) * (y.upperBound - y.lowerBound) / steps
  }

  /// The density above which a share of the grid's probability lies: the bound of the highest-density region of that share
  /// (Hyndman 1996).
  public func level(holding share: Double) -> Double {
    let sorted = values.sorted(by: >)
    let wanted = share * values.reduce(0, +)
    var sum = 0.0
    for (index, value) in sorted.enumerated() {
      sum += value
      // Between this point and the next: the bound goes between the two.
      if sum >= wanted { return (value + (index + 1 < sorted.count ? sorted[index + 1] : 0)) / 2 }
    }
    return 0
  }
}
