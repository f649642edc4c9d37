import Kernels

/// The precision of a pass through a model with single-precision parameters.
///
/// Parameters, the sums of their gradients, the optimizer, and all arithmetic but the products named here are in single
/// precision either way. Both cases are the same on a processor that gains nothing by rounding.
public enum Precision: String, Sendable, CaseIterable, Codable {
  /// Products with about single precision.
  case float32
  /// Mixed precision. The factors of convolutions and of the hypernetwork's products are rounded to 8 bits of mantissa.
  /// Where the divergence is estimated, the per-sample low-rank weights are rounded too, once per solve. All other
  /// products of a flow keep full precision, since the step size control would mistake their rounding for error. Where ranks
  /// have divided the hypernetwork, what it gives and its cotangents are rounded on their way between them.
  case mixed

  /// The numerics of the products that mixed precision rounds.
  package var numerics: Numerics {
    switch self {
    case .float32: .full
    case .mixed: .mixed
    }
  }
}
