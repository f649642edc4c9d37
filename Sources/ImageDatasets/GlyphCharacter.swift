/// A character in its ideal form: strokes in the unit square, with x to the right and y downward.
struct GlyphCharacter: Sendable {
  /// The character.
  let name: Character
  private let strokes: [GlyphStroke]

  /// The ten digits: familiar enough that anyone can judge whether a picture is legible, and few enough that a model
  /// learns them in two minutes.
  static let all: [GlyphCharacter] = [
    GlyphCharacter(
      name: "0",
      strokes: [
        .curve(
          [0.5, 0], [0.13, 0.17], [0, 0.54], [0.17, 0.89], [0.5, 1], [0.83, 0.89], [1, 0.54], [0.86, 0.16], [0.5, 0])
      ]),
    GlyphCharacter(name: "1", strokes: [.corners([0.25, 0.25], [0.55, 0], [0.55, 1])]),
    GlyphCharacter(
      name: "2",
      strokes: [
        .curve([0.05, 0.27], [0.2, 0.06], [0.5, 0], [0.85, 0.1], [0.9, 0.35], [0.6, 0.62], [0, 1]),
        .corners([0, 1], [1, 1]),
      ]),
    GlyphCharacter(
      name: "3",
      strokes: [
        .curve([0.05, 0.12], [0.4, 0], [0.8, 0.08], [0.85, 0.3], [0.65, 0.43], [0.35, 0.46]),
        .curve([0.35, 0.46], [0.75, 0.52], [0.97, 0.73], [0.8, 0.94], [0.4, 1], [0, 0.88]),
      ]),
    GlyphCharacter(
      name: "4", strokes: [.corners([0.6, 0], [0, 0.65], [1, 0.65]), .corners([0.72, 0.3], [0.72, 1])]),
    GlyphCharacter(
      name: "5",
      strokes: [
        .corners([0.92, 0], [0.15, 0], [0.1, 0.45]),
        .curve([0.1, 0.45], [0.5, 0.36], [0.92, 0.52], [0.92, 0.84], [0.5, 1], [0.03, 0.9]),
      ]),
    GlyphCharacter(
      name: "6",
      strokes: [
        .curve(
          [0.8, 0], [0.4, 0.15], [0.1, 0.45], [0.05, 0.75], [0.3, 0.98], [0.7, 0.98], [0.95, 0.75], [0.75, 0.5],
          [0.4, 0.5], [0.1, 0.72])
      ]),
    GlyphCharacter(name: "7", strokes: [.corners([0, 0], [1, 0], [0.35, 1])]),
    GlyphCharacter(
      name: "8",
      strokes: [
        .curve(
          [0.5, 0.47], [0.13, 0.25], [0.5, 0], [0.87, 0.25], [0.5, 0.47], [0.04, 0.75], [0.5, 1], [0.96, 0.75],
          [0.5, 0.47])
      ]),
    GlyphCharacter(
      name: "9",
      strokes: [
        .curve([0.9, 0.2], [0.55, 0], [0.15, 0.1], [0.08, 0.35], [0.35, 0.53], [0.75, 0.45], [0.92, 0.2]),
        .corners([0.92, 0.2], [0.8, 1]),
      ]),
  ]

  /// Draws the character in one person's handwriting.
  func draw(by hand: GlyphHand, _ draws: inout GlyphDraws, on raster: inout StrokeRaster) {
    let paths = strokes.map { stroke in
      let slip = draws.normalPoint(hand.slip)
      return stroke.mapped { hand.place($0, stray: draws.normalPoint(hand.tremor)) + slip }.path
    }
    // Whatever the variations, the character stays within the image.
    let box = Self.box(paths)
    let margin = hand.radius + 0.5
    let low = SIMD2<Float>(repeating: margin) - box.low
    let high = SIMD2<Float>(repeating: Float(Glyphs.side) - margin) - box.high
    let middle = (low + high) / 2
    let shift = hand.shift.clamped(
      lowerBound: pointwiseMin(low, middle), upperBound: pointwiseMax(high, middle))
    for path in paths {
      raster.draw(path.map { $0 + shift }, radius: hand.radius)
    }
  }

  private static func box(_ paths: [[SIMD2<Float>]]) -> (low: SIMD2<Float>, high: SIMD2<Float>) {
    let points = paths.joined()
    var low = SIMD2<Float>(repeating: .infinity)
    var high = -low
    for point in points {
      low = pointwiseMin(low, point)
      high = pointwiseMax(high, point)
    }
    return (low, high)
  }
}
