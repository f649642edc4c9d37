/// A line chart: curves over a common axis, each with a thin companion curve and a band around it of the same colour,
/// and horizontal levels for comparison.
///
/// ```swift
/// let chart = LineChart(
///   title: "omniglot", xLabel: "epoch", yLabel: "negative ELBO [nats]",
///   curves: [.init(name: "run", points: validation, companion: training)], levels: [.init(name: "paper", y: 98.33)])
/// try Data(chart.svg().utf8).write(to: url)
/// ```
public struct LineChart: Sendable {
  /// A point of a curve.
  public struct Point: Sendable, Equatable {
    /// The coordinate along the horizontal axis.
    public var x: Double
    /// The coordinate along the vertical axis.
    public var y: Double

    /// A point with the given coordinates.
    public init(x: Double, y: Double) {
      self.x = x
      self.y = y
    }

    /// Whether the point can be drawn: sums and differences of such coordinates are finite.
    var isDrawable: Bool { abs(x) <= 1e100 && abs(y) <= 1e100 }
  }

  /// A vertical interval of a band.
  public struct Interval: Sendable, Equatable {
    /// The coordinate along the horizontal axis.
    public var x: Double
    /// The lower end.
    public var low: Double
    /// The upper end.
    public var high: Double

    /// An interval with the given coordinates.
    public init(x: Double, low: Double, high: Double) { (self.x, self.low, self.high) = (x, low, high) }

    /// The corners of the band there.
    var ends: [Point] { [Point(x: x, y: low), Point(x: x, y: high)] }
  }

  /// A curve, a thin companion curve, and a band around the curve.
  public struct Curve: Sendable {
    /// The name in the legend.
    public var name: String
    /// The points of the curve, in the order of x.
    public var points: [Point]
    /// The points of the companion curve, in the order of x; empty for none.
    public var companion: [Point]
    /// The intervals of a band, such as deviations from the curve, in the order of x; empty for none.
    public var band: [Interval]

    /// A curve through the given points. Points that cannot be drawn, because they are not finite or beyond 10¹⁰⁰, are
    /// left out.
    public init(name: String, points: [Point], companion: [Point] = [], band: [Interval] = []) {
      self.name = name
      self.points = points.filter(\.isDrawable)
      self.companion = companion.filter(\.isDrawable)
      self.band = band.filter { $0.ends.allSatisfy(\.isDrawable) }
    }
  }

  /// A level: a dashed horizontal line across the chart.
  public struct Level: Sendable {
    /// The name in the legend.
    public var name: String
    /// The height of the line, in units of the vertical axis.
    public var y: Double

    /// A line at the given height.
    public init(name: String, y: Double) {
      self.name = name
      self.y = y
    }
  }

  /// The title above the chart.
  public var title: String
  /// The label of the horizontal axis.
  public var xLabel: String
  /// The label of the vertical axis.
  public var yLabel: String
  /// Whether x is a count, so that ticks are at integers only.
  public var isXCount: Bool
  /// The curves, in the order of the legend.
  public var curves: [Curve]
  /// The levels, in the order of the legend.
  public var levels: [Level]
  /// Notes below the legend, such as what the thin curves are.
  public var notes: [String]

  /// A chart with the given contents.
  public init(
    title: String, xLabel: String, yLabel: String, isXCount: Bool = false, curves: [Curve],
    levels: [Level] = [], notes: [String] = []
  ) {
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.isXCount = isXCount
    self.curves = curves
    self.levels = levels
    self.notes = notes
  }

  /// The horizontal scale: from zero to a little beyond the last point.
  var xScale: AxisScale {
    let last = curves.flatMap { ($0.points + $0.companion).map(\.x) }.max() ?? 1
    return AxisScale(0...max(last, isXCount ? 1 : 1e-9) * 1.015, count: 5, smallestStep: isXCount ? 1 : 0)
  }

  /// The vertical scale. It covers all levels and points, except the first twentieth of each long curve: the curve
  /// falls from so high there that the rest could not be distinguished. That part is cut off at the top of the chart.
  var yScale: AxisScale {
    let shown = curves.flatMap { curve in
      [curve.points, curve.companion].flatMap { $0.dropFirst($0.count / 20).map(\.y) }
        + curve.band.dropFirst(curve.band.count / 20).flatMap { $0.ends.map(\.y) }
    }
    let values = shown + levels.map(\.y)
    let (low, high) = (values.min() ?? 0, values.max() ?? 1)
    let margin = (high - low) * 0.04
    return AxisScale(low - margin...high + margin, count: 4)
  }
}
