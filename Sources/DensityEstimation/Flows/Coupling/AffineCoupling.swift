import Autodiff
import NeuralNetworks
import Tensors

/// A coupling that scales and shifts some dimensions by functions of the others, as in the published experiments on tables.
///
///     z = x exp((1 - b) s(b x)) + (1 - b) t(b x)        log |det dz/dx| = sum of (1 - b) s(b x)
///
/// b is a mask of zeros and ones, s a perceptron with tanh, and t one with ReLU.
///
/// Dinh et al. 2017 (Real NVP), section 3.4; Papamakarios et al. 2017; Grathwohl et al. 2019, section 4.1.
public struct AffineCoupling: DensityLayer {
  private let mask: BinaryMask
  private let scale: MultilayerPerceptron
  private let shift: MultilayerPerceptron

  /// Adds the layer's parameters to a builder: those of the perceptrons `name.net_scale` and `name.net_shift`.
  ///
  /// - Parameters:
  ///   - name: The layer's name.
  ///   - dimensions: The number of dimensions.
  ///   - hidden: The widths of the perceptrons' hidden layers.
  ///   - mask: The dimensions that are kept.
  ///   - isSwapped: Whether they are those that are moved instead.
  ///   - builder: What makes the parameters.
  public init(
    _ name: String, dimensions: Int, hidden: [Int], mask: CouplingMask = .alternate, isSwapped: Bool = false,
    in builder: inout DensityBuilder
  ) {
    self.mask = BinaryMask(dimensions: dimensions, isSwapped: isSwapped, in: &builder.parameters) {
      mask.keeps($0, of: dimensions)
    }
    func network(_ part: String, _ activation: ElementwiseFunction) -> MultilayerPerceptron {
      MultilayerPerceptron(
        "\(name).\(part)", inputs: dimensions, hidden: hidden, outputs: dimensions, activation: activation,
        in: &builder.parameters)
    }
    scale = network("net_scale", .tanh)
    shift = network("net_shift", .relu)
  }

  /// The logarithm of the scale, and the shift; `[batch, dimensions]` each, zero where x is kept.
  private func terms(_ x: Variable, _ parameters: BoundParameters) -> (logScale: Variable, shift: Variable) {
    let kept = mask.keep(x)
    return (mask.move(scale(kept, parameters)), mask.move(shift(kept, parameters)))
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
