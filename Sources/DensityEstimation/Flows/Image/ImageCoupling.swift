import Autodiff
import NeuralNetworks

/// An affine coupling of images by a convolutional network.
///
///     (s, t) = network(b x)    z = x exp((1 - b) l(s)) + (1 - b) t        log |det dz/dx| = sum of (1 - b) l(s)
///
/// b is a mask of zeros and ones. The layer is the identity at first, or nearly so: the network's output is zero.
///
/// Dinh et al. 2017 (Real NVP), section 3.4; Kingma and Dhariwal 2018 (Glow), section 3.3.
public struct ImageCoupling: DensityLayer {
  /// The logarithm l(s) of the scale.
  public enum Scale: Sendable {
    /// a tanh s, with a trained a for each channel, initially one (Real NVP, section 4.1).
    case tanh
    /// log sigmoid(s + 2) (Glow).
    case sigmoid
  }

  /// The shape of an image.
  public let shape: ImageShape
  private let mask: BinaryMask
  private let network: ConvolutionStack
  /// a; nil for the sigmoid.
  private let extent: Parameter?

  /// Adds the layer's parameters to a builder: those of the network `name.net`, and for ``Scale/tanh`` a, `name.scale`
  /// `[channels]`.
  ///
  /// - Parameters:
  ///   - name: The layer's name.
  ///   - shape: The shape of an image.
  ///   - hidden: The channels of the network's hidden layers, at least one.
  ///   - mask: The numbers that are kept.
  ///   - isSwapped: Whether they are those that are moved instead.
  ///   - scale: The form of the scale.
  ///   - builder: What makes the parameters.
  public init(
    _ name: String, shape: ImageShape, hidden: [Int], mask: ImageMask, isSwapped: Bool = false,
    scale: Scale = .tanh, in builder: inout DensityBuilder
  ) {
    self.shape = shape
    self.mask = BinaryMask(dimensions: shape.dimensions, isSwapped: isSwapped, in: &builder.parameters) {
      mask.keeps($0, of: shape)
    }
    network = ConvolutionStack(
      "\(name).net", inputs: shape.channels, hidden: hidden, outputs: 2 * shape.channels, in: &builder.parameters)
    extent = scale == .tanh ? builder.parameters.constant("\(name).scale", [shape.channels], 1) : nil
  }

  /// The logarithm of the scale, and the shift; `[batch, dimensions]` each, zero where x is kept.
  private func terms(_ x: Variable, _ parameters: BoundParameters) -> (logScale: Variable, shift: Variable) {
    let (batch, channels) = (x.shape[0], shape.channels)
    let images = mask.keep(x).reshaped([batch, shape.height, shape.width, channels])
    let output = network(images, parameters).reshaped([batch * shape.pixels, 2 * channels])
    let s = output.sliced(axis: 1, start: 0, length: channels)
    let shift = output.sliced(axis: 1, start: channels, length: channels)
    // log sigmoid(x) = -softplus(-x)
    let logScale =
      extent.map { s.applying(.tanh).scalingColumns(by: parameters[$0]) } ?? -(-(s + 2)).applying(.softplus)
    return (mask.move(logScale.reshaped(x.shape)), mask.move(shift.reshaped(x.shape)))
  }

  /// Scales, then shifts.
  public func forward(_ x: Variable, _ pass: DensityPass) -> LayerOutput {
    let (logScale, shift) = terms(x, pass.parameters)
    return LayerOutput(z: x * logScale.applying(.exp) + shift, logDeterminant: logScale.sum(axis: -1))
  }

  /// Undoes the shift, then the scale.
  public func inverse(_ z: Variable, _ pass: DensityPass) -> Variable {
    let z = z.detached
    let (logScale, shift) = terms(z, pass.parameters.detached)
    return (z - shift) * (-logScale).applying(.exp)
  }
}
