import DensityEstimation
import Foundation
import Runs
import Tensors

/// The pictures of a density model of two dimensions: data, samples and density, and the way of the samples. Those of a
/// table are of standardized data.
struct DensityDrawing {
  private static let cell = 3
  private static let columns = 3

  private let model: DensityModel
  private let state: DensityState
  private let options: DensityPlot.DrawingOptions
  private let data: Tensor
  private let range: ClosedRange<Double>

  /// - Parameter data: Test data, `[n, 2]`.
  init(_ model: DensityModel, _ state: DensityState, _ options: DensityPlot.DrawingOptions, data: Tensor) {
    (self.model, self.state, self.options, self.data) = (model, state, options, data)
    // All but a thousandth of the data, and a margin.
    let magnitudes = data.doubles().map { abs($0) }.sorted()
    let edge = magnitudes[Int(Double(magnitudes.count - 1) * 0.999)]
    range = edge < 3.8 ? DensityPicture.standardRange : (-1.1 * edge)...(1.1 * edge)
  }

  /// Writes data, samples and density, and below them the samples' way from the noise.
  func writePicture(to url: URL) throws {
    let side = options.side
    let sampler = DensitySampler(model, state)
    let path = try sampler.paths(options.count, seed: options.random.seed, frames: 7)
    let evaluator = DensityEvaluator(model, state)
    let grid = DensityPicture.gridPoints(side: side, within: range)
    let progress = PassProgress("evaluating")
    // Far from the data a density may be zero in single precision.
    let densities = try evaluator.logDensities(grid, allowingZero: true) { progress.report($0, of: side * side) }.values
    let panels =
      [
        DensityPicture.Panel("data", histogram(data)), .init("samples", histogram(path[path.count - 1])),
        .init("density", .heatMap(values: densities, columns: side)),
      ] + chosen(path).map { .init($0.label, histogram($0.state)) }
    let enlarged = panels.map { DensityPicture.Panel($0.label, $0.picture.enlarged(by: Self.cell)) }
    try DensityPicture.panels(enlarged, columns: Self.columns).write(to: url)
  }

  /// Writes the samples' way from the noise to the data as an animation, which rests at its end.
  func writeAnimation(to url: URL) throws {
    let sampler = DensitySampler(model, state)
    let path = try sampler.paths(options.count, seed: options.random.seed, frames: options.frames ?? 40)
    let frames = path.map { histogram($0).enlarged(by: Self.cell) }
    try Animation.write(frames: frames, delay: 0.06, lastDelay: 2, to: url)
  }

  private func histogram(_ points: Tensor) -> DensityPicture {
    .histogram(of: points, side: options.side, within: range)
  }

  /// The noise, and two states on the way to the samples, or as many as there are.
  private func chosen(_ path: [Tensor]) -> [(label: String, state: Tensor)] {
    let last = path.count - 1
    func label(_ index: Int) -> String {
      if 3 * index == last { return "a third of the way" }
      return 3 * index == 2 * last ? "two thirds" : "\(index)/\(last) of the way"
    }
    let between = [last / 3, last * 2 / 3].filter { 0 < $0 && $0 < last }
    return [("noise", path[0])] + between.map { (label($0), path[$0]) }
  }
}
