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
    var layers: [any DensityLayer] = []
    for i in 0..<blocks {
      layers.append(InvertibleLinear("\(prefix).\(layers.count)", features: dimensions, in: &builder))
      layers.append(
        form.layer("\(prefix).\(layers.count)", index: i, dimensions: dimensions, hidden: hidden, in: &builder))
      guard let batchNormalization else { continue }
      layers.append(
        BatchNormalizationFlow(
          "\(prefix).\(layers.count)", features: dimensions, statistics: batchNormalization, in: &builder))
    }
    return layers
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
    var count = 0
    func name() -> String {
      defer { count += 1 }
      return "\(prefix).\(count)"
    }
    return [
      Multiscale(shape, scales: scales) { place in
        guard place.part != .beforeSqueeze else { return [] }
        let channels = place.shape.channels
        return (0..<blocks).flatMap { i -> [any DensityLayer] in
          [
            ActivationNormalization(name(), features: channels, in: &builder),
            InvertibleLinear(name(), features: channels, start: .rotation, in: &builder),
            ImageCoupling(
              name(), shape: place.shape, hidden: hidden, mask: channels > 1 ? .channel : .checkerboard,
              isSwapped: i % 2 == 0, scale: .sigmoid, in: &builder),
          ]
        }
      }
    ]
  }
}
