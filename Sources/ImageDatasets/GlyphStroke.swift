/// A stroke of a pen through given points: a polygonal line or a smooth curve.
struct GlyphStroke: Sendable {
  /// The points that the pen passes through.
  private let points: [SIMD2<Float>]
  private let isSmooth: Bool

  /// A polygonal line.
  static func corners(_ points: SIMD2<Float>...) -> GlyphStroke { GlyphStroke(points: points, isSmooth: false) }

  /// A smooth curve.
  static func curve(_ points: SIMD2<Float>...) -> GlyphStroke { GlyphStroke(points: points, isSmooth: true) }

  /// The points of the stroke, with interpolated points between them where it is smooth.
  var path: [SIMD2<Float>] {
    guard isSmooth else { return points }
    var path = [points[0]]
    for index in 1..<points.count {
      // A Catmull-Rom spline with its end points doubled.
      let (a, b) = (points[max(index - 2, 0)], points[index - 1])
      let (c, d) = (points[index], points[min(index + 1, points.count - 1)])
      for place in 1...Self.pieces {
        let t = Float(place) / Float(Self.pieces)
        let linear = (c - a) * t
        let square = (2 * a - 5 * b + 4 * c - d) * (t * t)
        let cube = (3 * b - a - 3 * c + d) * (t * t * t)
        path.append(b + 0.5 * (linear + square + cube))
      }
    }
    return path
  }

  /// The stroke with each point transformed.
  func mapped(_ change: (SIMD2<Float>) -> SIMD2<Float>) -> GlyphStroke {
    GlyphStroke(points: points.map(change), isSmooth: isSmooth)
  }

  /// The number of line segments between two points of a smooth stroke.
  private static let pieces = 4
}
