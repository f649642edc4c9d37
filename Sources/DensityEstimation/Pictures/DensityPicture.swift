import Foundation
import Tensors

/// A picture of a density or of points in the plane, in the colours of viridis.
///
/// ```swift
/// let grid = DensityPicture.gridPoints(side: 200)
/// let density = DensityPicture.heatMap(values: logDensities(grid), columns: 200)
/// let data = DensityPicture.histogram(of: points, side: 200)
/// try DensityPicture.panels([.init("data", data), .init("density", density)]).write(to: URL(filePath: "density.png"))
/// ```
public struct DensityPicture: Sendable, Equatable {
  /// How log-densities become shades.
  public enum Shading: Sendable, Hashable {
    /// In proportion to the density.
    case density
    /// In proportion to the log-density, down to a number of nats below the brightest.
    case logDensity(span: Double)
  }

  /// The number of rows of pixels.
  public let height: Int
  /// The number of columns of pixels.
  public let width: Int
  /// The colour of each pixel by its place in the palette, with rows from the top.
  let shades: [UInt8]

  /// The part of the plane that is shown where none is named, as in the published pictures.
  public static let standardRange = -4.0...4.0
  /// The part of cells that may be brighter than the brightest shade, so that a single cell does not darken all others.
  private static let brighterPart = 0.005

  init(height: Int, width: Int, shades: [UInt8]) {
    precondition(height > 0 && width > 0 && shades.count == height * width, "a picture of \(height) x \(width)")
    (self.height, self.width, self.shades) = (height, width, shades)
  }

  /// The middles of the cells of a square grid, `[side * side, 2]`: row by row from the least y, each row from the least x.
  public static func gridPoints(side: Int, within range: ClosedRange<Double> = standardRange) -> Tensor {
    precondition(side > 0, "a grid of side \(side)")
    let step = (range.upperBound - range.lowerBound) / Double(side)
    let places = (0..<side).map { Float(range.lowerBound + (Double($0) + 0.5) * step) }
    return Tensor(places.flatMap { y in places.flatMap { x in [x, y] } }, shape: [side * side, 2])
  }

  /// A heat map of log-densities: the brightest two hundredth and what is above it has the brightest colour.
  ///
  /// - Parameters:
  ///   - values: Log-densities in nats at ``gridPoints(side:within:)``, or any others in that order. Minus infinity is a
  ///     density of zero; NaN is drawn white.
  ///   - columns: The number of columns.
  ///   - shading: How they become shades.
  public static func heatMap(values: [Double], columns: Int, shading: Shading = .density) -> DensityPicture {
    precondition(
      columns > 0 && !values.isEmpty && values.count % columns == 0, "\(values.count) values in \(columns) columns")
    let brightest = quantile(values.filter(\.isFinite)) ?? 0
    return picture(columns, values) { value in
      switch shading {
      case .density: exp(value - brightest)
      case .logDensity(let span): 1 + (value - brightest) / span
      }
    }
  }

  /// A histogram of points in a square: the more points in a cell, the brighter.
  ///
  /// - Parameters:
  ///   - points: `[n, 2]`; those outside the square are left out.
  ///   - side: The number of cells along either axis.
  ///   - range: The square's range along either axis.
  public static func histogram(
    of points: Tensor, side: Int, within range: ClosedRange<Double> = standardRange
  ) -> DensityPicture {
    precondition(side > 0 && points.rank == 2 && points.shape[1] == 2, "a histogram of points of shape \(points.shape)")
    var counts = [Double](repeating: 0, count: side * side)
    let (numbers, scale) = (points.doubles(), Double(side) / (range.upperBound - range.lowerBound))
    for point in 0..<points.shape[0] {
      let (column, row) = (
        (numbers[2 * point] - range.lowerBound) * scale, (numbers[2 * point + 1] - range.lowerBound) * scale
      )
      // Comparisons with NaN are false.
      guard column >= 0, row >= 0, column < Double(side), row < Double(side) else { continue }
      counts[Int(row) * side + Int(column)] += 1
    }
    let brightest = quantile(counts.filter { $0 > 0 }) ?? 1
    return picture(side, counts) { $0 / brightest }
  }

  /// The picture with each pixel as a square of a larger side.
  public func enlarged(by factor: Int) -> DensityPicture {
    precondition(factor > 0, "a picture enlarged by \(factor)")
    let result = (0..<height * factor).flatMap { row in
      (0..<width * factor).map { shades[row / factor * width + $0 / factor] }
    }
    return DensityPicture(height: height * factor, width: width * factor, shades: result)
  }

  /// The picture of numbers in rows from the bottom.
  private static func picture(_ columns: Int, _ values: [Double], _ number: (Double) -> Double) -> DensityPicture {
    let rows = values.count / columns
    let shades = (0..<rows).reversed().flatMap { row in
      values[(row * columns)..<((row + 1) * columns)].map { ColorMap.shade(number($0)) }
    }
    return DensityPicture(height: rows, width: columns, shades: shades)
  }

  /// The number that ``brighterPart`` of the numbers are above; nil where there are none.
  private static func quantile(_ numbers: [Double]) -> Double? {
    guard !numbers.isEmpty else { return nil }
    return numbers.sorted()[Int((Double(numbers.count - 1) * (1 - brighterPart)).rounded())]
  }
}
