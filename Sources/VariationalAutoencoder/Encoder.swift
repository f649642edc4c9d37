import Autodiff
import NeuralNetworks

/// The gated convolutional encoder of Sylvester flows: images -> 256 features (van den Berg et al. 2018, appendix).
///
/// The last kernel covers what is left of the image after two strides of two: 7x7 for 28x28 images, 7x5 for 28x20.
public struct Encoder: Sendable {
  /// How many features an image has.
  public static let features = 256

  private let layers: [GatedConvolution]

  /// The side of an image after no stride of two, after one and after both.
  static func sides(_ side: Int) -> (whole: Int, half: Int, quarter: Int) { (side, (side + 1) / 2, (side + 3) / 4) }

  /// Parameters are `q_z_nn.0.h.weight` and so on.
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

  /// [batch, height, width, 1] -> [batch, 256]
  public func callAsFunction(_ images: Variable, _ parameters: BoundParameters) -> Variable {
    layers.reduce(images) { $1($0, parameters) }.reshaped([images.shape[0], Self.features])
  }
}
