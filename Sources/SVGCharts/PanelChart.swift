import Foundation

/// Rows of panels: how points in the plane and their density change from one panel to the next, with the same axes for all
/// panels of a row.
///
/// ```swift
/// let row = PanelChart.Row(
///   xLabel: "z₁", yLabel: "z₂", panels: [.init(points: [.init(x: 0, y: 0)]), .init(points: [.init(x: 1, y: 1)])])
/// let chart = PanelChart(title: "a step", columns: ["before", "after"], rows: [row])
/// try Data(chart.svg().utf8).write(to: url)
/// ```
public struct PanelChart: Sendable {
  /// Points, the paths that they came by, and the density they are samples of.
  public struct Panel: Sendable {
    /// The points.
    public var points: [LineChart.Point]
    /// The path of each point until now; empty for none.
    public var paths: [[LineChart.Point]]
    /// The density, shown as regions that hold ``PanelChart/shares`` of it; nil for none.
    public var density: DensityGrid?

    /// A panel with the given contents. Points that cannot be drawn, because they are not finite or beyond 10¹⁰⁰, are left
    /// out.
    public init(points: [LineChart.Point], paths: [[LineChart.Point]] = [], density: DensityGrid? = nil) {
      (self.points, self.density) = (points.filter(\.isDrawable), density)
      self.paths = paths.map { $0.filter(\.isDrawable) }.filter { $0.count > 1 }
    }
  }

  /// A picture beside the panels of a row.
  public struct Picture: Sendable {
    /// The bytes of a PNG file.
    public var png: Data
    /// Its height for each pixel of its width.
    public var proportion: Double
    /// What is written below it.
    public var title: String

    /// A picture.
    public init(png: Data, proportion: Double, title: String) {
      (self.png, self.proportion, self.title) = (png, proportion, title)
    }
  }

  /// A row of panels, with a picture at either end.
  public struct Row: Sendable {
    /// The label of the horizontal axes.
    public var xLabel: String
    /// The label of the vertical axes.
    public var yLabel: String
    /// The panels.
    public var panels: [Panel]
    /// The picture on the left.
    public var before: Picture?
    /// The picture on the right.
    public var after: Picture?

    /// A row.
    public init(xLabel: String, yLabel: String, panels: [Panel], before: Picture? = nil, after: Picture? = nil) {
      (self.xLabel, self.yLabel, self.panels, self.before, self.after) = (xLabel, yLabel, panels, before, after)
    }
  }

  /// The shares of a density that regions hold, each the region of highest density, outermost first.
  public static let shares = [0.99, 0.9, 0.7, 0.5, 0.3, 0.1]

  /// The title above the chart.
  public var title: String
  /// The titles of the panels, above the first row.
  public var columns: [String]
  /// The rows.
  public var rows: [Row]
  /// What is written below the chart, a line each.
  public var notes: [String]

  /// A chart with the given contents.
  public init(title: String, columns: [String], rows: [Row], notes: [String] = []) {
    (self.title, self.columns, self.rows, self.notes) = (title, columns, rows, notes)
  }
}
