import Tensors

/// Masked autoencoders for distribution estimation as density models: one network, whose conditionals are Gaussians or
/// mixtures of Gaussians.
///
/// Germain et al. 2015; for real numbers as in Papamakarios et al. 2017.
public enum MADE {
  /// A MADE with Gaussian conditionals: one affine autoregressive layer, before a standard normal density.
  ///
  /// - Parameters:
  ///   - prefix: What names begin with; the layer is `prefix.0`.
  ///   - dimensions: The number of dimensions.
  ///   - hidden: The widths of hidden layers.
  ///   - activation: The function between layers.
  ///   - order: The order of the dimensions.
  ///   - builder: What makes the parameters.
  /// - Returns: The layer.
  public static func layers(
    named prefix: String = "chain", dimensions: Int, hidden: [Int] = [512],
    activation: ElementwiseFunction = .relu, order: AutoregressiveOrder = .natural, in builder: inout DensityBuilder
  ) -> [any DensityLayer] {
    [
      AutoregressiveFlow.affine(
        "\(prefix).0", dimensions: dimensions, hidden: hidden, order: order, activation: activation, in: &builder)
    ]
  }

  /// A MADE whose conditionals are mixtures of Gaussians. Alone it is a model, MADE MoG; after the layers of ``MAF`` it
  /// is MAF MoG.
  ///
  /// - Parameters:
  ///   - name: What names begin with.
  ///   - dimensions: The number of dimensions.
  ///   - hidden: The widths of hidden layers.
  ///   - components: The number of components of each conditional.
  ///   - builder: What makes the parameters.
  public static func mixture(
    named name: String = "base", dimensions: Int, hidden: [Int] = [512], components: Int = 10,
    in builder: inout DensityBuilder
  ) -> MixtureOfGaussians {
    let network = MaskedNetwork(
      name, dimensions: dimensions, outputs: 3 * components, hidden: hidden, in: &builder.parameters)
    return MixtureOfGaussians(network, components: components)
  }
}
