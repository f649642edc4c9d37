import Foundation

/// A character: strokes around the middle of the image, in pixels, as its alphabet's book would show it.
struct GlyphCharacter: Sendable {
  private let strokes: [GlyphStroke]

  /// The length of pen stroke that a character has, in pixels: neither a speck nor a blot.
  private static let lengths: ClosedRange<Float> = 12...90

  /// A new character of an alphabet.
  init(in style: GlyphStyle, _ draws: inout GlyphDraws) {
    var strokes = Self.fitted(Self.composed(in: style, &draws), in: style, &draws)
    // A program that has drawn too little or too much is thrown away; the bound only makes the end certain.
    for _ in 0..<20 where !Self.lengths.contains(strokes.reduce(0) { $0 + $1.length }) {
      strokes = Self.fitted(Self.composed(in: style, &draws), in: style, &draws)
    }
    self.strokes = strokes
  }

  /// Draws the character as one hand does.
  func draw(by hand: GlyphHand, _ draws: inout GlyphDraws, on raster: inout StrokeRaster) {
    let drawn = strokes.map { stroke in
      let slip = draws.normalPoint(hand.slip)
      return stroke.mapped { hand.place($0 + draws.normalPoint(hand.tremor)) + slip }
    }
    // Whatever the hand does, the character stays on its paper.
    let paths = drawn.map(\.path)
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

  /// Strokes from the stock, each but the first beginning somewhere on those before it.
  private static func composed(in style: GlyphStyle, _ draws: inout GlyphDraws) -> [GlyphStroke] {
    var strokes = [GlyphStroke]()
    let count = 1 + draws.pick(style.strokeCountWeights)
    while strokes.count < count {
      var stroke = candidate(beside: strokes, in: style, &draws)
      // Strokes that would run along others make blots; a few tries find a better place, or the stroke goes.
      var tries = 0
      while isCrowded(stroke, by: strokes), tries < 6 {
        stroke = candidate(beside: strokes, in: style, &draws)
        tries += 1
      }
      if isCrowded(stroke, by: strokes) { break }
      strokes.append(stroke)
    }
    let box = box(strokes.map(\.path))
    if draws.chance(style.headlineChance) {
      strokes.append(
        GlyphStroke(.line, bend: 0).mapped {
          [box.low.x - 0.1 + (box.high.x - box.low.x + 0.2) * $0.y, box.low.y]
        })
    }
    if draws.chance(style.dotChance) {
      let side: Float = draws.chance(0.6) ? box.low.y - 0.2 : box.high.y + 0.2
      strokes.append(GlyphStroke(dotAt: [draws.uniform(box.low.x...box.high.x + 0.01), side]))
    }
    return strokes
  }

  /// A stroke from the stock, somewhere on paper or on the strokes that are there.
  private static func candidate(
    beside strokes: [GlyphStroke], in style: GlyphStyle, _ draws: inout GlyphDraws
  ) -> GlyphStroke {
    let size = strokes.isEmpty ? draws.uniform(0.7...1) : draws.uniform(0.3...0.9)
    let fitting = style.stock.filter { $0.form.isSimple || size > 0.6 }
    let turned = turned(fitting[draws.pick(fitting.count)], size, &draws)
    var shift = SIMD2<Float>(draws.uniform(-0.3...0.6), draws.uniform(-0.3...0.6))
    if !strokes.isEmpty, !draws.chance(style.looseness) {
      let path = strokes[draws.pick(strokes.count)].path
      // Ends are joined more often than middles.
      let place = draws.chance(0.55) ? draws.pick(2) * (path.count - 1) : draws.pick(path.count)
      shift = path[place] - (draws.chance(0.7) ? turned.points[0] : turned.points[turned.points.count / 2])
    }
    return turned.mapped { $0 + shift }
  }

  /// True where more than a third of a stroke runs close to others.
  private static func isCrowded(_ stroke: GlyphStroke, by others: [GlyphStroke]) -> Bool {
    let near: Float = 0.15
    let taken = others.flatMap { $0.samples(spacing: near) }
    let samples = stroke.samples(spacing: near / 2)
    let crowded = samples.filter { sample in
      taken.contains { other in
        let away = other - sample
        return (away * away).sum() < near * near
      }
    }
    return crowded.count * 3 > samples.count
  }

  /// A stroke turned by quarters, perhaps seen in a mirror, and scaled, in the manner of scripts: b, d, p, q.
  private static func turned(
    _ stroke: GlyphStroke, _ size: Float, _ draws: inout GlyphDraws
  ) -> GlyphStroke {
    let quarter = draws.pick([0.5, 0.3, 0.1, 0.1] as [Float])
    let isMirrored = draws.chance(0.35)
    let tilt: Float = draws.chance(0.25) ? draws.normal(0.3) : 0
    let angle = Float(quarter) * Float.pi / 2 + tilt
    let scale = SIMD2(size, size * draws.uniform(0.7...1))
    return stroke.mapped { point in
      let centred = (point - 0.5) * scale * [isMirrored ? -1 : 1, 1]
      return [
        cos(angle) * centred.x - sin(angle) * centred.y, sin(angle) * centred.x + cos(angle) * centred.y,
      ]
    }
  }

  /// The strokes at the alphabet's size and proportions, around the middle of the image.
  private static func fitted(
    _ strokes: [GlyphStroke], in style: GlyphStyle, _ draws: inout GlyphDraws
  ) -> [GlyphStroke] {
    let box = box(strokes.map(\.path))
    let size = box.high - box.low
    let root = style.aspect.squareRoot()
    let proportions = SIMD2<Float>(root, 1 / root)
    let longer = max((size * proportions).max(), 0.3)
    // People write what is rich larger than what is simple.
    let richness = strokes.reduce(0) { $0 + $1.length } / longer
    let extent = style.extent * min(max(0.55 + 0.17 * richness, 0.7), 1.2) * exp(draws.normal(0.1))
    let scale = proportions * (min(extent, 22) / longer)
    let middle = (box.low + box.high) / 2
    return strokes.map { stroke in
      stroke.mapped { ($0 - middle) * scale }
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

/// One person's way of drawing one character: size, slant, place on the paper, pen, steadiness.
struct GlyphHand: Sendable {
  /// The radius of the pen, in pixels.
  let radius: Float
  /// Where the character's middle comes to lie, in pixels.
  let shift: SIMD2<Float>
  /// How far the points of a stroke stray, in pixels.
  let tremor: Float
  /// How far whole strokes stray, in pixels.
  let slip: Float
  private let right: SIMD2<Float>
  private let down: SIMD2<Float>

  init(_ draws: inout GlyphDraws) {
    radius = 0.68 + draws.normal(0.03)
    shift = SIMD2(repeating: Float(Glyphs.side) / 2 - 0.5) + draws.normalPoint(1.3)
    tremor = draws.uniform(0.25...0.65)
    slip = 0.4
    let size = exp(draws.normal(0.09))
    let stretch = exp(draws.normal(0.08))
    let angle = draws.normal(0.08)
    let slant = draws.normal(0.1)
    right = size * stretch * SIMD2(cos(angle), sin(angle))
    down = size / stretch * SIMD2(slant - sin(angle), cos(angle))
  }

  /// Where a point of the character goes, before the shift.
  func place(_ point: SIMD2<Float>) -> SIMD2<Float> { point.x * right + point.y * down }
}
