/// The kind of a dataset's pixels, which decides the likelihood.
public enum PixelKind: String, Sendable, Hashable, CaseIterable, Codable {
  /// Zeros and ones, for a Bernoulli likelihood.
  case binary
  /// Intensities in [0, 1], for a categorical likelihood of 256 grey levels.
  case grey

  /// How such pixels are drawn: binary ones as ink on paper, grey ones as light.
  public var polarity: ImagePolarity { self == .binary ? .ink : .light }
}
