/// Chains of additive couplings and a scaling: nonlinear independent components estimation.
///
/// Dinh et al. 2014.
public enum NICE {
  /// Couplings that keep the odd and the even dimensions in turn, and a ``DiagonalScaling``. The layers are named
  /// `prefix.0`, `prefix.1` and so on. (The paper has 4 couplings with 5 hidden layers of 1000 for MNIST.)
  ///
  /// - Parameters:
  ///   - prefix: What names begin with.
  ///   - dimensions: The number of dimensions.
  ///   - blocks: The number of couplings.
  ///   - hidden: The widths of hidden layers.
  ///   - builder: What makes the parameters.
  /// - Returns: The layers, from the data to the noise.
  public static func layers(
    named prefix: String = "chain", dimensions: Int, blocks: Int = 4, hidden: [Int], in builder: inout DensityBuilder
  ) -> [any DensityLayer] {
    LayerChain.layers(
      named: prefix, dimensions: dimensions, blocks: blocks, batchNormalization: nil, in: &builder
    ) { index, names, builder in
      block(index, isLast: index == blocks - 1, dimensions: dimensions, hidden: hidden, &names, in: &builder)
    }
  }

  /// A coupling, whose index decides what it keeps, and after the last the scaling.
  static func block(
    _ index: Int, isLast: Bool, dimensions: Int, hidden: [Int], _ names: inout LayerNames,
    in builder: inout DensityBuilder
  ) -> [any DensityLayer] {
    let coupling = AdditiveCoupling(
      names.next(), dimensions: dimensions, hidden: hidden, isSwapped: index % 2 == 0, in: &builder)
    guard isLast else { return [coupling] }
    return [coupling, DiagonalScaling(names.next(), dimensions: dimensions, in: &builder)]
  }
}
