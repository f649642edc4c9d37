import Tensors

/// Masked autoregressive flows: affine autoregressive layers, each with a ``MaskedNetwork``, in natural and reversed
/// order alternately.
///
/// Papamakarios, Pavlakou and Murray 2017, "Masked Autoregressive Flow for Density Estimation".
public enum MAF {
  /// The layers of a flow, before a standard normal density, or
  /// ``MADE/mixture(named:dimensions:hidden:components:in:)``. The published ones of tables have 5 or 10, and a batch
  /// normalization after each, the last too.
  ///
  /// - Parameters:
  ///   - prefix: What names begin with; the layers are `prefix.0`, `prefix.1` and so on.
  ///   - dimensions: The number of dimensions.
  ///   - blocks: The number of autoregressive layers.
  ///   - hidden: The widths of each network's hidden layers.
  ///   - activation: The function between a network's layers.
  ///   - batchNormalization: What normalizes after each autoregressive layer; nil for nothing.
  ///   - builder: What makes the parameters and buffers.
  /// - Returns: The layers, from the data to the noise.
  public static func layers(
    named prefix: String = "chain", dimensions: Int, blocks: Int = 5, hidden: [Int] = [512],
    activation: ElementwiseFunction = .relu, batchNormalization: BatchNormalizationFlow.Statistics? = nil,
    in builder: inout DensityBuilder
  ) -> [any DensityLayer] {
    LayerChain.layers(
      named: prefix, dimensions: dimensions, blocks: blocks, batchNormalization: batchNormalization, in: &builder
    ) { block, names, builder in
      [
        AutoregressiveFlow.affine(
          names.next(), dimensions: dimensions, hidden: hidden, order: .alternating(block), activation: activation,
          in: &builder)
      ]
    }
  }
}
