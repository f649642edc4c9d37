/// Draws strokes of a round pen with soft edges onto square images, one image after another.
struct StrokeRaster {
  /// The images drawn so far, `[count, side * side]`.
  private(set) var pixels: [Float] = []
  private let side: Int

  init(side: Int) {
    self.side = side
  }

  /// Begins a new, empty image, on which the next strokes are drawn.
  mutating func beginImage() {
    pixels.append(contentsOf: repeatElement(0, count: side * side))
  }

  /// Draws a polygonal line through points, in pixels from the upper left corner, with a pen of the given radius.
  ///
  /// The intensity falls from 1 to 0 over one pixel at the pen's edge; where strokes overlap, the greater one counts.
  mutating func draw(_ points: [SIMD2<Float>], radius: Float) {
    let side = side
    let start = pixels.count - side * side
    precondition(start >= 0, "StrokeRaster: a stroke before the first image")
    pixels.withUnsafeMutableBufferPointer { pixels in
      let image = UnsafeMutableBufferPointer(rebasing: pixels[start...])
      for (a, b) in zip(points, points.dropFirst()) {
        Self.draw(from: a, to: b, radius, image, side)
      }
    }
  }

  private static func draw(
    from a: SIMD2<Float>, to b: SIMD2<Float>, _ radius: Float, _ image: UnsafeMutableBufferPointer<Float>,
    _ side: Int
  ) {
    let reach = radius + 0.5
    let direction = b - a
    let lengthSquared = max((direction * direction).sum(), 1e-12)
    let columns = span(min(a.x, b.x) - reach, max(a.x, b.x) + reach, side)
    let rows = span(min(a.y, b.y) - reach, max(a.y, b.y) + reach, side)
    for row in rows {
      for column in columns {
        let offset = SIMD2(Float(column) + 0.5, Float(row) + 0.5) - a
        let along = min(max((offset * direction).sum() / lengthSquared, 0), 1)
        let away = offset - along * direction
        let distanceSquared = (away * away).sum()
        guard distanceSquared < reach * reach else { continue }
        // Rounded to multiples of 1 / 255, as in an image file, so that the last bit of a sine makes no difference.
        let ink = (min(reach - distanceSquared.squareRoot(), 1) * 255).rounded() / 255
        let place = row * side + column
        image[place] = max(image[place], ink)
      }
    }
  }

  /// The pixels of the image whose centres are between two coordinates.
  private static func span(_ low: Float, _ high: Float, _ side: Int) -> Range<Int> {
    let first = max(0, Int((low - 0.5).rounded(.up)))
    let end = min(side, Int((high - 0.5).rounded(.down)) + 1)
    return first..<max(first, end)
  }
}
