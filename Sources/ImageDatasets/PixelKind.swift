/// What a pixel of a dataset is, and so which likelihood fits it.
public enum PixelKind: String, Sendable, Hashable, CaseIterable, Codable {
  /// Zeros and ones, for a Bernoulli likelihood.
  case binary
  /// Intensities in [0, 1] that stay as they are in every split, for a likelihood of 256 shades.
  case grey
}
