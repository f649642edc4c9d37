import Autodiff
import NeuralNetworks

/// The gated transposed-convolution decoder of Sylvester flows, z -> logits (van den Berg et al. 2018, appendix).
///
/// It ends with the convolutions of its likelihood: for binary pixels a 1x1 convolution to one logit, for grey pixels a
/// 5x5 convolution to 256 channels and a 1x1 convolution to the logits of 256 levels.
public struct Decoder: Sendable {
  private let layers: [GatedConvolution]
  private let outputs: [Convolution]

  /// Adds the decoder's parameters to a builder: `p_x_nn.0.h.weight` and so on, then `p_x_mean.0.weight` and so on.
  ///
  /// - Parameters:
  ///   - latent: The number of latent dimensions.
  ///   - imageHeight: The rows of an image.
  ///   - imageWidth: The columns of an image.
  ///   - likelihood: The likelihood, which decides how many parameters there are per pixel.
  ///   - builder: What makes the parameters.
  public init(
    latent: Int, imageHeight: Int, imageWidth: Int, likelihood: LikelihoodKind = .bernoulli,
    in builder: inout ParameterBuilder
  ) {
    func layer(
      _ inputs: Int, _ outputs: Int, kernel: [Int], stride: Int = 1, padding: Int = 2,
      outputPadding: [Int] = [0, 0]
    ) -> GatedConvolution.Shape {
      GatedConvolution.Shape(
        inputs, outputs, kernel: kernel, stride: stride, padding: padding, isTransposed: true,
        outputPadding: outputPadding)
    }
    let five = [5, 5]
    // A stride of two turns a side of n into 2 n - 1 or, with an output padding of one, 2 n: the side that the encoder
    // had before its stride.
    let sides = [Encoder.sides(imageHeight), Encoder.sides(imageWidth)]
    let toHalf = sides.map { $0.half - 2 * $0.quarter + 1 }
    let toWhole = sides.map { $0.whole - 2 * $0.half + 1 }
    let shapes = [
      layer(latent, 64, kernel: sides.map(\.quarter), padding: 0),
      layer(64, 64, kernel: five),
      layer(64, 32, kernel: five, stride: 2, outputPadding: toHalf),
      layer(32, 32, kernel: five),
      layer(32, 32, kernel: five, stride: 2, outputPadding: toWhole),
      layer(32, 32, kernel: five),
    ]
    layers = shapes.enumerated().map { GatedConvolution("p_x_nn.\($0)", $1, in: &builder) }
    var channels = 32
    outputs = likelihood.likelihood.outputLayers.enumerated().map { place, layer in
      defer { channels = layer.channels }
      return Convolution(
        "p_x_mean.\(place)", inputs: channels, outputs: layer.channels, kernel: layer.kernel,
        padding: layer.kernel / 2, in: &builder)
    }
  }

  /// The parameters of the pixels, such as logits, of latent codes: `[batch, latent]` ->
  /// `[batch, height * width * parameters per pixel]`, row-major.
  public func callAsFunction(_ z: Variable, _ parameters: BoundParameters) -> Variable {
    let batch = z.shape[0]
    let h = layers.reduce(z.reshaped([batch, 1, 1, z.shape[1]])) { $1($0, parameters) }
    let logits = outputs.reduce(h) { $1($0, parameters) }
    return logits.reshaped([batch, logits.value.count / batch])
  }
}
