import Kernels

/// The arithmetic of a pass through a model whose parameters are single-precision numbers.
///
/// Parameters, their gradients' sums, the optimizer and everything but the products named here are in single precision
/// either way. Both are the same on a processor that gains nothing by rounding.
public enum Precision: String, Sendable, CaseIterable, Codable {
  /// Products at about single precision.
  case float32
  /// Convolutions and the hypernetwork's products with their factors rounded to 8 bits of mantissa; and the
  /// low-rank weights that the hypernetwork makes, where a divergence is estimated, rounded once for a solve. A flow's
  /// other products are not among them, since the control of step sizes would take their rounding for error.
  case mixed

  /// How exact the products are that are rounded in mixed precision.
  package var numerics: Numerics {
    switch self {
    case .float32: .full
    case .mixed: .mixed
    }
  }
}
