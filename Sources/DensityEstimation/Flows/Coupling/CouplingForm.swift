/// The forms of affine couplings in the published experiments.
public enum CouplingForm: String, Sendable, CaseIterable, Codable {
  /// ``AffineCoupling``, as for tables.
  case masked
  /// ``SplitAffineCoupling``, as for toys.
  case split

  /// A coupling of this form, the index of which decides what it keeps: an even one is swapped, as in the published code.
  func layer(
    _ name: String, index: Int, dimensions: Int, hidden: [Int], in builder: inout DensityBuilder
  ) -> any DensityLayer {
    switch self {
    case .masked:
      AffineCoupling(name, dimensions: dimensions, hidden: hidden, isSwapped: index % 2 == 0, in: &builder)
    case .split:
      SplitAffineCoupling(name, dimensions: dimensions, hidden: hidden, isSwapped: index % 2 == 0, in: &builder)
    }
  }
}
