/// How the gradient of the bound with respect to the posterior's parameters is estimated from a sample.
public enum GradientEstimator: String, Sendable, CaseIterable, Codable {
  /// The gradient of the sampled bound (Kingma and Welling 2014).
  case total
  /// The path gradient: its part through the sample, without the score term, whose mean is zero (Roeder, Wu and
  /// Duvenaud 2017). It has the same mean, and variance zero where q is the exact posterior. For posteriors that are a
  /// `ScoredFlow`.
  case path
}
