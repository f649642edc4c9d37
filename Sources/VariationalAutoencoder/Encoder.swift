import Autodiff
import NeuralNetworks

/// The gated convolutional encoder of Sylvester flows, images -> 256 features (van den Berg et al. 2018, appendix).
///
/// The kernel of the last layer covers what two strides of two leave of the image: 7x7 for 28x28 images, 7x5 for 28x20.
public struct Encoder: Sendable {
  /// The number of features of an image.
  public static let features = 256

  private let layers: [GatedConvolution]

  /// The side of an image before the strides of two, after the first, and after both.
  static func sides(_ side: Int) -> (whole: Int, half: Int, quarter: Int) { (side, (side + 1) / 2, (side + 3) / 4) }

  /// Adds the encoder's parameters to a builder: `q_z_nn.0.h.weight` and so on.
  ///
  /// - Parameters:
  ///   - imageHeight: The rows of an image.
  ///   - imageWidth: The columns of an image.
  ///   - builder: What makes the parameters.
  public init(imageHeight: Int, imageWidth: Int, in builder: inout ParameterBuilder) {
    typealias Shape = GatedConvolution.Shape
    let five = [5, 5]
    let shapes = [
      Shape(1, 32, kernel: five, padding: 2),
      Shape(32, 32, kernel: five, stride: 2, padding: 2),
      Shape(32, 64, kernel: five, padding: 2),
      Shape(64, 64, kernel: five, stride: 2, padding: 2),
      Shape(64, 64, kernel: five, padding: 2),
      Shape(64, Self.features, kernel: [Self.sides(imageHeight).quarter, Self.sides(imageWidth).quarter]),
    ]
    layers = shapes.enumerated().map { GatedConvolution("q_z_nn.\($0)", $1, in: &builder) }
  }

  /// The features of images: `[batch, height, width, 1]` -> `[batch, 256]`.
  public func callAsFunction(_ images: Variable, _ parameters: BoundParameters) -> Variable {
    layers.reduce(images) { $1($0, parameters) }.reshaped([images.shape[0], Self.features])
  }
}
