/// How the gradient of the bound with respect to the posterior's parameters is estimated from a sample.
public enum GradientEstimator: String, Sendable, CaseIterable, Codable {
  /// The gradient of the sampled bound (Kingma and Welling 2014).
  case total
  /// Its part along the path of the sample, without the score term, whose mean is zero (Roeder, Wu and Duvenaud 2017): of
  /// the same mean, and of variance zero where q is the exact posterior. For posteriors that are a
  /// ``NormalizingFlows/ScoredFlow``.
  case path
}
