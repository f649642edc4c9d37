import Kernels

/// Which weights of an FFJORD posterior's velocity are amortized (functions of the image x), and which are shared by
/// all images.
///
/// The amortized, per-sample weights of a block come from one linear head on the encoder's features: the hypernetwork.
///
/// Grathwohl et al. 2019 (FFJORD), and its published code.
public enum Amortization: String, Sendable, CaseIterable, Codable {
  /// Each layer adds per-sample low-rank weights and a per-sample bias to shared weights: a W + (a U(x)) V(x) +
  /// bias(x). The paper's choice; `cnf_rank` in the published code.
  case lowRank = "low-rank"
  /// Each layer adds a per-sample bias to shared weights: a W + bias(x). `cnf_bias`.
  case bias
  /// All weights are per-sample: `[t, a]` W(x) + b(x). `cnf_hyper`.
  case hyper
  /// The last layer's weights are per-sample, those of the other layers shared. `cnf_lyper`.
  case lastLayer = "last-layer"
  /// All weights are shared: the flow depends on the image through z0 alone. `cnf`.
  case none

  /// The greatest rank of low-rank weights.
  public static let greatestRank = LowRankLayout.maximumRank
}
