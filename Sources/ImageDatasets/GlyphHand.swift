import Foundation

/// The handwriting of one drawing of a character: size, slant, position, pen and steadiness.
///
/// The standard deviations are large enough that no two drawings are alike, and small enough that a model that was
/// trained for two minutes reconstructs every character legibly.
struct GlyphHand: Sendable {
  /// The radius of the pen, in pixels.
  let radius: Float
  /// The position of the character's centre, in pixels.
  let shift: SIMD2<Float>
  /// The standard deviation of the points of a stroke, in pixels.
  let tremor: Float = 0.3
  /// The standard deviation of whole strokes, in pixels.
  let slip: Float = 0.25
  private let right: SIMD2<Float>
  private let down: SIMD2<Float>

  /// The width and height of a character in its ideal form, in pixels.
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

  /// The position of a point of the unit square, in pixels, before the shift; `stray` is its deviation in pixels.
  func place(_ point: SIMD2<Float>, stray: SIMD2<Float>) -> SIMD2<Float> {
    let pixels = (point - 0.5) * Self.extent + stray
    return pixels.x * right + pixels.y * down
  }
}
