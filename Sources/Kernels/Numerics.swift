import Tensors

/// How exact the products of single-precision numbers are to be; what is done for it is the backend's business.
public enum Numerics: String, Sendable, CaseIterable, Codable {
  /// At about single precision: in a sum of 512 products, an error of at most 1e-6 of the sum of their magnitudes.
  case full
  /// Factors may be rounded to 8 bits of mantissa where that makes a product faster; sums are in single precision.
  case mixed
}
