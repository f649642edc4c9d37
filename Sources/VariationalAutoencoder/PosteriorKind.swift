/// The kind of a model's posterior: which flow transforms the encoder's Gaussian.
public enum PosteriorKind: String, Sendable, CaseIterable, Codable {
  /// No flow: the encoder's Gaussian.
  case none
  /// Planar flows (Rezende and Mohamed 2015).
  case planar
  /// Inverse autoregressive flows (Kingma et al. 2016).
  case iaf
  /// Sylvester flows with orthogonal vectors (van den Berg et al. 2018).
  case sylvesterOrthogonal = "sylvester-orthogonal"
  /// Sylvester flows with Householder reflections (van den Berg et al. 2018).
  case sylvesterHouseholder = "sylvester-householder"
  /// Sylvester flows with alternating permutations (van den Berg et al. 2018).
  case sylvesterTriangular = "sylvester-triangular"
  /// Amortized continuous flows (Grathwohl et al. 2019).
  case ffjord
}
