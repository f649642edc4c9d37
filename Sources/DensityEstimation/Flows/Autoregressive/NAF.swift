/// Neural autoregressive flows for density estimation (MAF-DSF and MAF-DDSF): autoregressive layers with sigmoidal
/// transformers, in natural and reversed order alternately.
///
/// The affine map of each dimension that ends the layers in the published code is left out.
///
/// Huang, Krueger, Lacoste and Courville 2018, "Neural Autoregressive Flows".
public enum NAF {
  /// The layers of a flow, before a standard normal density. The published ones of tables have 5 or 10, without batch
  /// normalization.
  ///
  /// - Parameters:
  ///   - prefix: What names begin with; the layers are `prefix.0`, `prefix.1` and so on.
  ///   - dimensions: The number of dimensions.
  ///   - blocks: The number of autoregressive layers.
  ///   - hidden: The widths of each network's hidden layers.
  ///   - units: The number of sigmoids of a transformer's layer.
  ///   - denseLayers: The number of layers of a ``DenseSigmoidalTransformer``; nil for a ``SigmoidalTransformer``.
  ///   - batchNormalization: What normalizes after each autoregressive layer; nil for nothing.
  ///   - builder: What makes the parameters and buffers.
  /// - Returns: The layers, from the data to the noise.
  public static func layers(
    named prefix: String = "chain", dimensions: Int, blocks: Int = 5, hidden: [Int] = [100], units: Int = 16,
    denseLayers: Int? = nil, batchNormalization: BatchNormalizationFlow.Statistics? = nil,
    in builder: inout DensityBuilder
  ) -> [any DensityLayer] {
    LayerChain.layers(
      named: prefix, dimensions: dimensions, blocks: blocks, batchNormalization: batchNormalization, in: &builder
    ) { block, names, builder in
      [
        AutoregressiveFlow.sigmoidal(
          names.next(), dimensions: dimensions, hidden: hidden, units: units, denseLayers: denseLayers,
          order: .alternating(block), in: &builder)
      ]
    }
  }
}
