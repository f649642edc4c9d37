/// Curves over a common axis, each with a thin companion of its colour, and levels to compare them with.
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
    public var x: Double
    public var y: Double

    public init(x: Double, y: Double) {
      self.x = x
      self.y = y
    }

    /// Whether scales can be made of it, in which sums and differences of such numbers stay finite.
    var isDrawable: Bool { abs(x) <= 1e100 && abs(y) <= 1e100 }
  }

  /// A curve, and a thin one that belongs to it.
  public struct Curve: Sendable {
    public var name: String
    /// In the order of x; a point that cannot be drawn, since it is not finite or beyond 10¹⁰⁰, is left out.
    public var points: [Point]
    public var companion: [Point]

    public init(name: String, points: [Point], companion: [Point] = []) {
      self.name = name
      self.points = points.filter(\.isDrawable)
      self.companion = companion.filter(\.isDrawable)
    }
  }

  /// A dashed line across the chart.
  public struct Level: Sendable {
    public var name: String
    public var y: Double

    public init(name: String, y: Double) {
      self.name = name
      self.y = y
    }
  }

  public var title: String
  public var xLabel: String
  public var yLabel: String
  /// Whether x counts something, so that only whole numbers are marked.
  public var isXCount: Bool
  public var curves: [Curve]
  public var levels: [Level]
  /// What the curves and their thin companions are, below the legend.
  public var notes: [String]

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

  /// The scale of x: from zero to a little beyond the last point.
  var xScale: AxisScale {
    let last = curves.flatMap { ($0.points + $0.companion).map(\.x) }.max() ?? 1
    return AxisScale(0...max(last, isXCount ? 1 : 1e-9) * 1.015, count: 5, smallestStep: isXCount ? 1 : 0)
  }

  /// The scale of y: all points and levels, but not the first twentieth of a long curve, which falls from so high that
  /// nothing else could be told apart; it comes in from above the chart.
  var yScale: AxisScale {
    let shown = curves.flatMap { curve in
      [curve.points, curve.companion].flatMap { $0.dropFirst($0.count / 20).map(\.y) }
    }
    let values = shown + levels.map(\.y)
    let (low, high) = (values.min() ?? 0, values.max() ?? 1)
    let margin = (high - low) * 0.04
    return AxisScale(low - margin...high + margin, count: 4)
  }
}
