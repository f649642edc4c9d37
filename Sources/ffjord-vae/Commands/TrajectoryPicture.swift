import Files
import Foundation
import ImageDatasets
import Inference
import Runs
import SVGCharts
import Tensors

/// The posteriors of images on their way through a continuous flow, a row of panels for each image.
struct TrajectoryPicture {
  let chart: PanelChart
  /// The way, in words.
  let way: String

  /// Points of a way between two panels, so that it looks like a curve.
  private static let stepsPerPanel = 4
  /// Points of a density's grid along either axis.
  private static let side = 64

  /// - Parameters:
  ///   - chosen: The images, at least one.
  ///   - names: What each is called.
  ///   - times: The number of panels.
  ///   - particles: The number of samples of each posterior.
  ///   - evaluator: The evaluator of a model with a continuous flow and two latent dimensions or more.
  ///   - title: What the model is called.
  init(
    of chosen: ChosenImages, names: [String], times: Int, particles: Int, by evaluator: Evaluator, title: String
  ) throws {
    let progress = PassProgress("solving")
    let reconstructions = try evaluator.reconstructions(of: chosen.images).drawn(as: chosen.polarity)
    let originals = chosen.images.drawn(as: chosen.polarity)
    var rows: [PanelChart.Row] = []
    var (duration, panelTimes) = (0.0, [Double]())
    for image in 0..<chosen.images.count {
      guard let trajectory = evaluator.trajectory(of: chosen.images, image: image) else { continue }
      duration = trajectory.duration
      let steps = (times - 1) * Self.stepsPerPanel
      // The last is the end itself, whatever the rounding.
      let moments = (0..<steps).map { duration * Double($0) / Double(steps) } + [duration]
      panelTimes = stride(from: 0, through: steps, by: Self.stepsPerPanel).map { moments[$0] }
      var row = try Self.row(
        trajectory, moments, particles,
        progress: { progress.report(image * times + $0, of: chosen.images.count * times) })
      row.before = try Self.picture(originals, image, names[image])
      row.after = try Self.picture(reconstructions, image, "reconstruction")
      rows.append(row)
    }
    let blocks = evaluator.model.configuration.blocks
    way = "the way from z0 to zT through \(Terminal.count(blocks, "block")), t = 0 to \(Setting.number(duration))"
    let isPlane = evaluator.model.configuration.latent == 2
    let density = PanelChart.shares.map { "\(Int(100 * $0))" }.joined(separator: ", ")
    chart = PanelChart(
      title: "\(title): the posterior on \(way)",
      columns: panelTimes.enumerated().map { place, time in
        let name = place == 0 ? " (z0)" : place == times - 1 ? " (zT)" : ""
        return "t = \(Setting.number((100 * time).rounded() / 100))\(name)"
      }, rows: rows,
      notes: [
        "Dots: \(Terminal.count(particles, "sample")) of the image's posterior; lines: their paths since t = 0.",
        isPlane
          ? "Blue: the regions of highest density that hold \(density) % of it, by an exact change of variables."
          : "Seen along the two directions in which the samples of a row vary most, over all times.",
      ])
  }

  private static func picture(_ images: GreyImages, _ index: Int, _ title: String) throws -> PanelChart.Picture {
    let picture = ImageGrid(columns: 1, scale: 1, margin: 0).layOut(images.selecting([index]))
    return PanelChart.Picture(
      png: try picture.encoded(), proportion: Double(images.height) / Double(images.width), title: title)
  }

  private static func row(
    _ trajectory: PosteriorTrajectory, _ moments: [Double], _ particles: Int, progress: (Int) -> Void
  ) throws -> PanelChart.Row {
    let states = try trajectory.particles(particles, at: moments)
    let isPlane = states[0].shape[1] == 2
    let (coordinates, labels) = isPlane ? (states.map(Self.rows), ("z₁", "z₂")) : projected(states)
    let points = coordinates.map { $0.map { LineChart.Point(x: $0[0], y: $0[1]) } }
    let panels = try stride(from: 0, to: moments.count, by: stepsPerPanel).enumerated().map { number, moment in
      let paths = moment == 0 ? [] : (0..<particles).map { particle in points[...moment].map { $0[particle] } }
      let density = isPlane ? try Self.density(trajectory, around: points[moment], time: moments[moment]) : nil
      progress(number + 1)
      return PanelChart.Panel(points: points[moment], paths: paths, density: density)
    }
    return PanelChart.Row(xLabel: labels.0, yLabel: labels.1, panels: panels)
  }

  /// The samples along the two principal components of those of all times.
  private static func projected(_ states: [Tensor]) -> ([[[Double]]], labels: (String, String)) {
    let components = PrincipalComponents(of: .concatenation(states, axis: 0), count: 2)
    let shares = components.shares.map { "\((100 * $0).fixed(0)) %" }
    return (
      states.map(components.coordinates), ("first component (\(shares[0]))", "second component (\(shares[1]))")
    )
  }

  private static func rows(_ state: Tensor) -> [[Double]] {
    let numbers = state.doubles()
    return (0..<state.shape[0]).map { [numbers[2 * $0], numbers[2 * $0 + 1]] }
  }

  /// The density on a grid around points, wider than they are by their spread on either side.
  private static func density(
    _ trajectory: PosteriorTrajectory, around points: [LineChart.Point], time: Double
  ) throws -> DensityGrid {
    func range(_ values: [Double]) -> ClosedRange<Double> {
      let (low, high) = (values.min() ?? 0, values.max() ?? 0)
      let margin = max((high - low) / 2, 1e-3)
      return low - margin...high + margin
    }
    let (x, y) = (range(points.map(\.x)), range(points.map(\.y)))
    let grid = DensityGrid.points(x: x, y: y, side: side)
    let codes = Tensor(grid.flatMap { [Float($0.x), Float($0.y)] }, shape: [grid.count, 2])
    let density = try trajectory.logDensity(at: codes, time: time).map { exp($0) }
    return DensityGrid(x: x, y: y, side: side, values: density.map { $0.isFinite ? $0 : 0 })
  }
}
