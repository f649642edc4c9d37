/// What the characters of an alphabet have in common: its stock of strokes, its proportions, its habits.
struct GlyphStyle: Sendable {
  /// The strokes that its characters are put together from.
  let stock: [GlyphStroke]
  /// How likely a character has one, two, three or four strokes.
  let strokeCountWeights: [Float]
  /// The longer side of a character, in pixels.
  let extent: Float
  /// Width over height, where a character has both.
  let aspect: Float
  /// How likely a character hangs from a line above it.
  let headlineChance: Float
  /// How likely a character carries a dot.
  let dotChance: Float
  /// How likely a stroke is drawn by itself, not from the point of another.
  let looseness: Float

  init(_ draws: inout GlyphDraws) {
    let smoothness = draws.uniform(0.1...0.95)
    let count = 5 + draws.pick(5)
    stock = (0..<count).map { number in
      let isSmooth = draws.chance(smoothness)
      // The first two are simple ones, so that there is something to add to what is rich already.
      let forms = GlyphStroke.Form.allCases.filter {
        $0.isSmooth == isSmooth && ($0.isSimple || number >= 2)
      }
      return GlyphStroke(forms[draws.pick(forms.map(\.weight))], bend: draws.uniform(0...1))
    }
    let busy = draws.uniform(0...1)
    strokeCountWeights = [0.8 - 0.7 * busy, 1.4, 0.9 + busy, 0.2 + 0.8 * busy]
    extent = draws.uniform(13.5...20)
    aspect = draws.uniform(0.75...1.2)
    headlineChance = draws.chance(0.12) ? 0.8 : 0
    dotChance = draws.chance(0.3) ? draws.uniform(0.1...0.35) : 0
    looseness = draws.uniform(0.05...0.3)
  }
}
