import Autodiff
import NeuralNetworks
import Tensors

/// Linear layers with an activation after each but the last.
///
///     a_0 = x,    a_l = activation(a_(l-1) W_l^T + b_l),    output = a_(L-1) W_L^T + b_L
///
/// Parameters have PyTorch's initial values, and its names for layers and activations in turn: `name.0.weight`,
/// `name.0.bias`, `name.2.weight` and so on.
public struct MultilayerPerceptron: Sendable {
  /// The linear layers, first to last.
  public let layers: [Linear]
  /// The activation.
  public let activation: ElementwiseFunction

  /// Adds a network's parameters to a builder.
  ///
  /// - Parameters:
  ///   - name: The network's name.
  ///   - inputs: The number of inputs.
  ///   - hidden: The widths of hidden layers.
  ///   - outputs: The number of outputs.
  ///   - activation: The activation.
  ///   - builder: What makes the parameters.
  public init(
    _ name: String, inputs: Int, hidden: [Int], outputs: Int, activation: ElementwiseFunction = .relu,
    in builder: inout ParameterBuilder
  ) {
    let widths = [inputs] + hidden + [outputs]
    layers = zip(widths, widths.dropFirst()).enumerated().map { index, sizes in
      Linear("\(name).\(2 * index)", inputs: sizes.0, outputs: sizes.1, in: &builder)
    }
    self.activation = activation
  }

  /// The network's output: `[batch, inputs]` -> `[batch, outputs]`.
  public func callAsFunction(_ x: Variable, _ parameters: BoundParameters) -> Variable {
    layers.dropFirst().reduce(layers[0](x, parameters, precision: parameters.precision)) { a, layer in
      layer(a.applying(activation), parameters, precision: parameters.precision)
    }
  }
}
