/// Chains of affine couplings: real-valued non-volume preserving transformations.
///
/// Dinh et al. 2017.
public enum RealNVP {
  /// Affine couplings, of which each keeps what the one before moves, as in the published experiments: of tables 10 masked
  /// ones with hidden layers 100-100, of toys 10 split ones with 64-64. The layers are named `prefix.0`, `prefix.1` and
  /// so on, as in the published code.
  ///
  /// - Parameters:
  ///   - prefix: What names begin with.
  ///   - dimensions: The number of dimensions.
  ///   - blocks: The number of couplings.
  ///   - hidden: The widths of hidden layers.
  ///   - form: The form of the couplings.
  ///   - batchNormalization: What normalizes after each coupling; nil for nothing.
  ///   - builder: What makes the parameters and buffers.
  /// - Returns: The layers, from the data to the noise.
  public static func layers(
    named prefix: String = "chain", dimensions: Int, blocks: Int = 10, hidden: [Int] = [100, 100],
    form: CouplingForm = .masked, batchNormalization: BatchNormalizationFlow.Statistics? = nil,
    in builder: inout DensityBuilder
  ) -> [any DensityLayer] {
    LayerChain.layers(
      named: prefix, dimensions: dimensions, blocks: blocks, batchNormalization: batchNormalization, in: &builder
    ) { block, names, builder in
      [form.layer(names.next(), index: block, dimensions: dimensions, hidden: hidden, in: &builder)]
    }
  }

  /// A ``Multiscale`` of couplings of images. At each scale there are `blocks` couplings with checkerboard masks, the
  /// squeeze, and `blocks` with channel masks; at the last scale there are `blocks` + 1 with checkerboard masks.
  ///
  /// Dinh et al. 2017, section 3.6, with 3 blocks, and convolutions in place of residual networks.
  ///
  /// - Parameters:
  ///   - prefix: What names begin with; the layers are `prefix.0` and so on in the order of the pass.
  ///   - shape: The shape of an image.
  ///   - scales: The number of scales; by default ``Multiscale/scales(of:)``.
  ///   - blocks: The number of couplings in a part of a scale.
  ///   - hidden: The channels of hidden layers.
  ///   - batchNormalization: What normalizes after each coupling, channel by channel; nil for nothing.
  ///   - builder: What makes the parameters and buffers.
  /// - Returns: The layers, from the data to the noise.
  public static func imageLayers(
    named prefix: String = "chain", shape: ImageShape, scales: Int? = nil, blocks: Int = 3, hidden: [Int] = [64, 64],
    batchNormalization: BatchNormalizationFlow.Statistics? = nil, in builder: inout DensityBuilder
  ) -> [any DensityLayer] {
    var names = LayerNames(prefix)
    return [
      Multiscale(shape, scales: scales) { place in
        (0..<blocks).flatMap { index in
          imageBlock(
            index, isLast: index == blocks - 1, at: place, hidden: hidden, batchNormalization: batchNormalization,
            &names, in: &builder)
        }
      }
    ]
  }

  /// The couplings of a block of images: one, whose index decides what it keeps, and one more in the last block of the
  /// last scale. After each comes a normalization where there is to be one.
  static func imageBlock(
    _ index: Int, isLast: Bool, at place: Multiscale.Place, hidden: [Int],
    batchNormalization: BatchNormalizationFlow.Statistics?, _ names: inout LayerNames, in builder: inout DensityBuilder
  ) -> [any DensityLayer] {
    let count = place.part == .last && isLast ? 2 : 1
    return (index..<index + count).flatMap { index -> [any DensityLayer] in
      let coupling = ImageCoupling(
        names.next(), shape: place.shape, hidden: hidden,
        mask: place.part == .afterSqueeze ? .channel : .checkerboard, isSwapped: index % 2 == 0, in: &builder)
      guard let batchNormalization else { return [coupling] }
      let channels = place.shape.channels
      return [
        coupling,
        BatchNormalizationFlow(names.next(), features: channels, statistics: batchNormalization, in: &builder),
      ]
    }
  }
}
