import Foundation

/// One person's way of drawing one character: size, slant, place on the paper, pen, steadiness.
///
/// The deviations are those at which a model that trains for two minutes draws every character again as what it
/// is, while no two drawings are alike.
struct GlyphHand: Sendable {
  /// The radius of the pen, in pixels.
  let radius: Float
  /// Where the character's middle comes to lie, in pixels.
  let shift: SIMD2<Float>
  /// How far the points of a stroke stray, in pixels.
  let tremor: Float = 0.3
  /// How far whole strokes stray, in pixels.
  let slip: Float = 0.25
  private let right: SIMD2<Float>
  private let down: SIMD2<Float>

  /// The columns and rows of a character as its book shows it.
  private static let extent: SIMD2<Float> = [11.5, 17.5]

  init(_ draws: inout GlyphDraws) {
    radius = 1.1 * exp(draws.normal(0.1))
    shift = SIMD2(repeating: Float(Glyphs.side) / 2) + draws.normalPoint(0.7)
    let size = exp(draws.normal(0.07))
    let stretch = exp(draws.normal(0.07))
    let angle = draws.normal(0.07)
    let slant = draws.normal(0.1)
    right = size * stretch * SIMD2(cos(angle), sin(angle))
    down = size / stretch * SIMD2(slant - sin(angle), cos(angle))
  }

  /// Where a point of the unit square goes, before the shift; `stray` is in pixels.
  func place(_ point: SIMD2<Float>, stray: SIMD2<Float>) -> SIMD2<Float> {
    let pixels = (point - 0.5) * Self.extent + stray
    return pixels.x * right + pixels.y * down
  }
}
