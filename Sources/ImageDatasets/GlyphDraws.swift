import Randomness

/// A cursor into a stream of random numbers, for drawings that need varying numbers of them.
struct GlyphDraws {
  private let stream: RandomStream
  private var index = 0

  init(_ stream: RandomStream) {
    self.stream = stream
  }

  /// A normal number of mean 0, clamped to 2.5 standard deviations.
  mutating func normal(_ deviation: Float) -> Float {
    index += 1
    return min(max(stream.normal(at: index - 1), -2.5), 2.5) * deviation
  }

  /// A point whose coordinates are normal numbers of mean 0.
  mutating func normalPoint(_ deviation: Float) -> SIMD2<Float> {
    let x = normal(deviation)
    return SIMD2(x, normal(deviation))
  }
}
