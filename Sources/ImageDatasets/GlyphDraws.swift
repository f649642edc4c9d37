import Tensors

/// A cursor through a stream of random numbers, for programs that draw as many as they need.
struct GlyphDraws {
  private let stream: RandomStream
  private var index = 0

  init(_ stream: RandomStream) {
    self.stream = stream
  }

  /// A number of a range, all equally likely.
  mutating func uniform(_ range: ClosedRange<Float>) -> Float {
    index += 1
    return range.lowerBound + stream.uniform(at: index - 1) * (range.upperBound - range.lowerBound)
  }

  /// A normal number of mean 0, cut off at two and a half deviations: no hand slips further.
  mutating func normal(_ deviation: Float) -> Float {
    index += 1
    return min(max(stream.normal(at: index - 1), -2.5), 2.5) * deviation
  }

  /// A point whose coordinates are normal numbers of mean 0.
  mutating func normalPoint(_ deviation: Float) -> SIMD2<Float> {
    let x = normal(deviation)
    return SIMD2(x, normal(deviation))
  }

  /// True with a probability.
  mutating func chance(_ probability: Float) -> Bool { uniform(0...1) < probability }

  /// One of 0..<count, all equally likely.
  mutating func pick(_ count: Int) -> Int { min(Int(uniform(0...Float(count))), count - 1) }

  /// An index of `weights`, each as likely as its weight says.
  mutating func pick(_ weights: [Float]) -> Int {
    var rest = uniform(0...weights.reduce(0, +))
    for (index, weight) in weights.enumerated() {
      if rest < weight { return index }
      rest -= weight
    }
    return weights.count - 1
  }
}
