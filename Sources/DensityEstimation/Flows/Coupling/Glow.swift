/// Chains of invertible linear maps and affine couplings.
///
/// Kingma and Dhariwal 2018.
public enum Glow {
  /// An ``InvertibleLinear`` from the identity before each affine coupling, as in the published experiments: of tables 10
  /// masked couplings with hidden layers 100-100, of toys 10 split ones with 64-64. The layers are named `prefix.0`,
  /// `prefix.1` and so on.
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
    ) { index, names, builder in
      block(index, form: form, dimensions: dimensions, hidden: hidden, &names, in: &builder)
    }
  }

  /// A linear map and a coupling, the index of which decides what it keeps.
  static func block(
    _ index: Int, form: CouplingForm, dimensions: Int, hidden: [Int], _ names: inout LayerNames,
    in builder: inout DensityBuilder
  ) -> [any DensityLayer] {
    let linear = InvertibleLinear(names.next(), features: dimensions, in: &builder)
    return [linear, form.layer(names.next(), index: index, dimensions: dimensions, hidden: hidden, in: &builder)]
  }

  /// A ``Multiscale`` of steps of flow, each an ``ActivationNormalization``, an ``InvertibleLinear`` of the channels from a
  /// random rotation, and a coupling that keeps half of the channels. They follow the squeeze of each scale. The last
  /// scale, which the paper squeezes too, has its steps as it is. (Images of one channel, where nothing is squeezed, have
  /// checkerboard masks.)
  ///
  /// - Parameters:
  ///   - prefix: What names begin with; the layers are `prefix.0` and so on in the order of the pass.
  ///   - shape: The shape of an image.
  ///   - scales: The number of scales; by default ``Multiscale/scales(of:)``.
  ///   - blocks: The number of steps of a scale.
  ///   - hidden: The channels of hidden layers.
  ///   - builder: What makes the parameters and buffers.
  /// - Returns: The layers, from the data to the noise.
  public static func imageLayers(
    named prefix: String = "chain", shape: ImageShape, scales: Int? = nil, blocks: Int = 8, hidden: [Int] = [64, 64],
    in builder: inout DensityBuilder
  ) -> [any DensityLayer] {
    var names = LayerNames(prefix)
    return [
      Multiscale(shape, scales: scales) { place in
        (0..<blocks).flatMap { step(at: place, index: $0, hidden: hidden, &names, in: &builder) }
      }
    ]
  }

  /// A step of flow, whose index decides what its coupling keeps; none before the squeeze of a scale.
  static func step(
    at place: Multiscale.Place, index: Int, hidden: [Int], _ names: inout LayerNames, in builder: inout DensityBuilder
  ) -> [any DensityLayer] {
    guard place.part != .beforeSqueeze else { return [] }
    let channels = place.shape.channels
    return [
      ActivationNormalization(names.next(), features: channels, in: &builder),
      InvertibleLinear(names.next(), features: channels, start: .rotation, in: &builder),
      ImageCoupling(
        names.next(), shape: place.shape, hidden: hidden, mask: channels > 1 ? .channel : .checkerboard,
        isSwapped: index % 2 == 0, scale: .sigmoid, in: &builder),
    ]
  }
}
