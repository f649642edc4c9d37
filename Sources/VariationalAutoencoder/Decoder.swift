import Autodiff
import NeuralNetworks

/// The gated transposed-convolution decoder of Sylvester flows: z -> logits (van den Berg et al. 2018, appendix).
public struct Decoder: Sendable {
  private let layers: [GatedConvolution]
  private let weight: Parameter
  private let bias: Parameter

  /// Parameters are `p_x_nn.0.h.weight` and so on, then `p_x_mean.0.weight`.
  public init(latent: Int, imageHeight: Int, imageWidth: Int, in builder: inout ParameterBuilder) {
    func layer(
      _ inputs: Int, _ outputs: Int, kernel: [Int], stride: Int = 1, padding: Int = 2, outputPadding: Int = 0
    ) -> GatedConvolution.Shape {
      GatedConvolution.Shape(
        inputs, outputs, kernel: kernel, stride: stride, padding: padding, isTransposed: true,
        outputPadding: outputPadding)
    }
    let five = [5, 5]
    let shapes = [
      layer(latent, 64, kernel: [imageHeight / 4, imageWidth / 4], padding: 0),
      layer(64, 64, kernel: five),
      layer(64, 32, kernel: five, stride: 2, outputPadding: 1),
      layer(32, 32, kernel: five),
      layer(32, 32, kernel: five, stride: 2, outputPadding: 1),
      layer(32, 32, kernel: five),
    ]
    layers = shapes.enumerated().map { GatedConvolution("p_x_nn.\($0)", $1, in: &builder) }
    let bound = 1 / Double(32).squareRoot()
    weight = builder.uniform("p_x_mean.0.weight", [1, 32, 1, 1], bound: bound)
    bias = builder.uniform("p_x_mean.0.bias", [1], bound: bound)
  }

  /// [batch, latent] -> logits [batch, height * width], row-major
  public func callAsFunction(_ z: Variable, _ parameters: BoundParameters) -> Variable {
    let batch = z.shape[0]
    let h = layers.reduce(z.reshaped([batch, 1, 1, z.shape[1]])) { $1($0, parameters) }
    // A 1x1 convolution is an affine map of the channels.
    let pixels = h.affine(weight: parameters[weight].reshaped([1, 32]), bias: parameters[bias])
    return pixels.reshaped([batch, pixels.value.count / batch])
  }
}
