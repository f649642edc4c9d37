import Markup

/// A scatter chart: points in the plane, in groups of one colour each, with the same scale along both axes.
///
/// ```swift
/// let chart = ScatterChart(
///   title: "codes", xLabel: "first component", yLabel: "second component",
///   groups: [.init(name: "cats", points: [.init(x: 1, y: 2, title: "cat.png")])])
/// try Data(chart.svg().utf8).write(to: url)
/// ```
public struct ScatterChart: Sendable {
  /// A point.
  public struct Point: Sendable, Equatable {
    /// The coordinate along the horizontal axis.
    public var x: Double
    /// The coordinate along the vertical axis.
    public var y: Double
    /// What is shown beside the pointer.
    public var title: String

    /// A point with the given coordinates.
    public init(x: Double, y: Double, title: String) {
      (self.x, self.y, self.title) = (x, y, title)
    }

    /// Whether the point can be drawn: sums and differences of such coordinates are finite.
    var isDrawable: Bool { abs(x) <= 1e100 && abs(y) <= 1e100 }
  }

  /// Points of one colour.
  public struct Group: Sendable {
    /// The name in the legend.
    public var name: String
    /// The points.
    public var points: [Point]
    /// Whether the points stand back, in faint grey behind the others: what is left over.
    public var isRest: Bool

    /// A group of points. Points that cannot be drawn, because they are not finite or beyond 10¹⁰⁰, are left out.
    public init(name: String, points: [Point], isRest: Bool = false) {
      (self.name, self.points, self.isRest) = (name, points.filter(\.isDrawable), isRest)
    }
  }

  /// The title above the chart.
  public var title: String
  /// The label of the horizontal axis.
  public var xLabel: String
  /// The label of the vertical axis.
  public var yLabel: String
  /// The groups, in the order of the legend.
  public var groups: [Group]

  /// A chart with the given contents.
  public init(title: String, xLabel: String, yLabel: String, groups: [Group]) {
    (self.title, self.xLabel, self.yLabel, self.groups) = (title, xLabel, yLabel, groups)
  }

  /// The chart as a file of SVG: a `circle` for each point.
  public func svg() -> String {
    element(in: .file).xmlDocument()
  }

  /// The chart as an element of SVG.
  public func element(in medium: ChartMedium) -> MarkupElement {
    let grey = "#8a8a8a"
    let colored = groups.indices.filter { !groups[$0].isRest }
    func color(_ group: Int) -> String { colored.firstIndex(of: group).map(ChartColor.hex) ?? grey }
    let side = 560.0
    let frame = ChartFrame(
      title: title, labels: (xLabel, yLabel), scales: scales,
      entries: groups.indices.map { ChartFrame.Entry(name: groups[$0].name, dotColor: color($0)) }, medium: medium,
      width: side, height: side)
    let order = groups.indices.filter { groups[$0].isRest } + colored
    return frame.element(
      plot: order.flatMap { group in
        groups[group].points.map { point in
          .dot(
            x: frame.x(point.x), y: frame.y(point.y), radius: groups[group].isRest ? 2.5 : 3.5,
            [("fill", color(group)), ("fill-opacity", groups[group].isRest ? "0.4" : "0.8")], title: point.title)
        }
      })
  }

  /// Scales of equal length, around the middle of the points.
  private var scales: (x: AxisScale, y: AxisScale) {
    let points = groups.flatMap(\.points)
    func middle(_ values: [Double]) -> (Double, half: Double) {
      let (low, high) = (values.min() ?? -1, values.max() ?? 1)
      return ((low + high) / 2, (high - low) / 2)
    }
    let (x, y) = (middle(points.map(\.x)), middle(points.map(\.y)))
    let half = max(x.half, y.half) * 1.04
    func scale(_ center: Double) -> AxisScale { AxisScale(center - half...center + half, count: 4) }
    return (scale(x.0), scale(y.0))
  }
}
