import Autodiff
import NeuralNetworks

/// A coupling that adds to some dimensions a function of the others; it preserves volume.
///
///     z = x + (1 - b) m(b x)        log |det dz/dx| = 0
///
/// b is a mask of zeros and ones, m a perceptron with ReLU.
///
/// Dinh et al. 2014 (NICE), section 3.2.
public struct AdditiveCoupling: DensityLayer {
  private let mask: BinaryMask
  private let network: MultilayerPerceptron

  /// Adds the layer's parameters to a builder: those of the perceptron `name.net_shift`.
  ///
  /// - Parameters:
  ///   - name: The layer's name.
  ///   - dimensions: The number of dimensions.
  ///   - hidden: The widths of the perceptron's hidden layers.
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
    network = MultilayerPerceptron(
      "\(name).net_shift", inputs: dimensions, hidden: hidden, outputs: dimensions, in: &builder.parameters)
  }

  private func shift(_ x: Variable, _ parameters: BoundParameters) -> Variable {
    mask.move(network(mask.keep(x), parameters))
  }

  /// Adds the shift.
  public func forward(_ x: Variable, _ pass: DensityPass) -> LayerOutput {
    LayerOutput(z: x + shift(x, pass.parameters), logDeterminant: .zeros(ofRowsOf: x))
  }

  /// Subtracts the shift.
  public func inverse(_ z: Variable, _ pass: DensityPass) -> Variable {
    let z = z.detached
    return z - shift(z, pass.parameters.detached)
  }
}
