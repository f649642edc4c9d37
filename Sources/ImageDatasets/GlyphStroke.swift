import Foundation

/// A stroke of a pen: points to pass through, either round the bend or from corner to corner.
struct GlyphStroke: Sendable {
  var points: [SIMD2<Float>]
  let form: Form

  /// The forms a stroke can take. Each fills about the unit square; `bend` in 0...1 varies it.
  enum Form: Int, CaseIterable {
    // From corner to corner.
    case line, corner, zigzag, vee, triangle, box, peaks, step
    // Round the bend.
    case arc, loop, wave, hook, bumps, spiral, lasso

    var isSmooth: Bool { rawValue >= Form.arc.rawValue }

    /// True for forms that stay legible when drawn small.
    var isSimple: Bool {
      switch self {
      case .line, .corner, .vee, .arc, .loop, .hook: true
      default: false
      }
    }

    /// How often a form is met among those of its kind.
    var weight: Float {
      switch self {
      case .line: 4
      case .corner, .arc, .hook: 2
      case .zigzag, .vee, .step, .loop, .wave, .bumps, .lasso: 1
      case .triangle, .box, .peaks, .spiral: 0.5
      }
    }
  }

  init(_ form: Form, bend: Float) {
    self.form = form
    switch form {
    case .line: points = [[0.5, 0], [0.5, 1]]
    case .corner: points = [[0, 0], [0, 1], [0.4 + 0.6 * bend, 1 - 0.2 * bend]]
    case .zigzag: points = [[0, 0], [1, 0.3 * bend], [0, 1 - 0.3 * bend], [1, 1]]
    case .vee: points = [[0, 0], [0.3 + 0.4 * bend, 1], [1, 0]]
    case .triangle: points = [[0.3 + 0.4 * bend, 0], [1, 1], [0, 1], [0.3 + 0.4 * bend, 0]]
    case .box: points = [[0, 0], [1, 0], [1 - 0.3 * bend, 1], [0.3 * bend, 1], [0, 0]]
    case .peaks: points = [[0, 1], [0.1, 0], [0.5, 0.4 + 0.5 * bend], [0.9, 0], [1, 1]]
    case .step: points = [[0, 0], [0.3 + 0.4 * bend, 0], [0.3 + 0.4 * bend, 1], [1, 1]]
    case .arc: points = Self.turn(from: 0.6 - 0.2 * bend, by: 0.8 + 0.8 * bend)
    case .loop: points = Self.turn(from: 1.5, by: 2.05)
    case .wave:
      points =
        Self.turn(from: -0.1, by: -1.2, middle: [0.5, 0.27], radius: [0.3 + 0.2 * bend, 0.27])
        + Self.turn(from: -0.4, by: 1.3, middle: [0.5, 0.77], radius: [0.3 + 0.2 * bend, 0.23])
    case .hook:
      let radius = 0.2 + 0.15 * bend
      points = [[1, 0], [1, 0.3]]
      points += Self.turn(
        from: 0, by: 0.9 + 0.5 * bend, middle: [1 - radius, 1 - radius], radius: [radius, radius])
    case .bumps:
      points = Self.turn(from: 1, by: 0.95, middle: [0.25, 0.5], radius: [0.25, 0.3 + 0.2 * bend])
      points += Self.turn(from: 1.1, by: 0.95, middle: [0.75, 0.5], radius: [0.25, 0.3 + 0.2 * bend])
      points.append([1, 0.9])
    case .spiral:
      points = (0...11).map { place in
        let part = Float(place) / 11
        let angle = Float.pi * part * (2.4 + 0.6 * bend)
        return [0.5 + (0.12 + 0.38 * part) * cos(angle), 0.5 + (0.12 + 0.38 * part) * sin(angle)]
      }
    case .lasso:
      points = Self.turn(from: 0.2, by: -2, middle: [0.5, 0.28], radius: [0.22 + 0.1 * bend, 0.28])
      points += [[0.75, 0.6], [0.5 + 0.4 * (bend - 0.5), 1]]
    }
  }

  /// A dot: a touch of the pen.
  init(dotAt point: SIMD2<Float>) {
    points = [point, point + [0.04, 0.03]]
    form = .line
  }

  /// The stroke itself: its points, with more between them where it is smooth.
  var path: [SIMD2<Float>] {
    guard form.isSmooth, points.count > 2 else { return points }
    var path = [points[0]]
    for index in 1..<points.count {
      // A spline of Catmull and Rom, its end points doubled.
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

  /// The length of the path.
  var length: Float {
    let path = path
    return zip(path, path.dropFirst()).reduce(0) { sum, ends in
      let step = ends.1 - ends.0
      return sum + (step * step).sum().squareRoot()
    }
  }

  /// Points along the path, not more than about `spacing` apart.
  func samples(spacing: Float) -> [SIMD2<Float>] {
    let path = path
    return zip(path, path.dropFirst()).flatMap { a, b in
      let step = b - a
      let count = max(1, Int(((step * step).sum().squareRoot() / spacing).rounded(.up)))
      return (0..<count).map { a + step * ((Float($0) + 0.5) / Float(count)) }
    }
  }

  /// The stroke with each point changed.
  func mapped(_ change: (SIMD2<Float>) -> SIMD2<Float>) -> GlyphStroke {
    var result = self
    result.points = points.map(change)
    return result
  }

  private static let pieces = 4

  /// Points on an ellipse, angles in half turns, clockwise from the right.
  private static func turn(
    from start: Float, by sweep: Float, middle: SIMD2<Float> = [0.5, 0.5], radius: SIMD2<Float> = [0.5, 0.5]
  ) -> [SIMD2<Float>] {
    let count = max(3, Int((abs(sweep) * 4).rounded(.up)))
    return (0...count).map { place in
      let angle = Float.pi * (start + sweep * Float(place) / Float(count))
      return middle + radius * [cos(angle), sin(angle)]
    }
  }
}
