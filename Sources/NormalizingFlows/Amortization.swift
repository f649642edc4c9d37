/// Which weights of an FFJORD posterior's velocity are functions of the image: of the network's layers, each image adds to
/// or replaces some by its own, which one linear head a block gives.
///
/// Grathwohl et al. 2019 (FFJORD), section 4.2, and its published code.
public enum Amortization: String, Sendable, CaseIterable, Codable {
  /// Each layer adds low-rank weights and a bias to shared ones: a W + (a U(x)) V(x) + bias(x). The paper's choice;
  /// `cnf_rank` in the published code.
  case lowRank = "low-rank"
  /// Each layer adds a bias to shared weights: a W + bias(x). `cnf_bias`.
  case bias
  /// All weights are the image's own: [t, a] W(x) + b(x). `cnf_hyper`.
  case hyper
  /// The last layer's weights are the image's own, the others shared. `cnf_lyper`.
  case lastLayer = "last-layer"
  /// All weights are shared: the flow depends on the image through z0 alone. `cnf`.
  case none
}
