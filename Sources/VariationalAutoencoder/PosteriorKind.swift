/// Which posterior a model has: the flow that turns the encoder's Gaussian into it.
public enum PosteriorKind: String, Sendable, CaseIterable, Codable {
  /// The Gaussian alone.
  case none
  /// Planar flows (Rezende and Mohamed 2015).
  case planar
  /// Inverse autoregressive flows (Kingma et al. 2016).
  case iaf
  /// Sylvester flows with orthogonal vectors (van den Berg et al. 2018).
  case sylvesterOrthogonal = "sylvester-orthogonal"
  /// Sylvester flows with Householder reflections.
  case sylvesterHouseholder = "sylvester-householder"
  /// Sylvester flows with alternating permutations.
  case sylvesterTriangular = "sylvester-triangular"
  /// Continuous flows (Grathwohl et al. 2019), amortized.
  case ffjord
}
