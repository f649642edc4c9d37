import Autodiff
import NeuralNetworks
import Tensors

/// The network of a coupling of images: a 3x3 convolution, a 1x1 one for each further hidden layer, and a 3x3 one whose
/// weights are initially zero; ReLU in between.
///
/// Kingma and Dhariwal 2018 (Glow), appendix B.
struct ConvolutionStack: Sendable {
  private let hidden: [Convolution]
  private let weight: Parameter
  private let bias: Parameter

  /// Adds a network's parameters to a builder: `name.0.weight` `[out, in, 3, 3]`, `name.0.bias` `[out]`, `name.2.weight`
  /// and so on.
  ///
  /// - Precondition: There is a hidden layer.
  init(_ name: String, inputs: Int, hidden: [Int], outputs: Int, in builder: inout ParameterBuilder) {
    precondition(!hidden.isEmpty, "\(name): no hidden layer")
    let widths = [inputs] + hidden
    self.hidden = hidden.indices.map { i in
      Convolution(
        "\(name).\(2 * i)", inputs: widths[i], outputs: widths[i + 1], kernel: i == 0 ? 3 : 1, padding: i == 0 ? 1 : 0,
        in: &builder)
    }
    let last = 2 * hidden.count
    weight = builder.constant("\(name).\(last).weight", [outputs, widths[hidden.count], 3, 3], 0)
    bias = builder.constant("\(name).\(last).bias", [outputs], 0)
  }

  /// The network's output: `[batch, height, width, in]` -> `[batch, height, width, out]`.
  func callAsFunction(_ x: Variable, _ parameters: BoundParameters) -> Variable {
    let a = hidden.reduce(x) { a, layer in layer(a, parameters).applying(.relu) }
    return a.convolution(weight: parameters[weight], padding: 1, numerics: parameters.precision.numerics)
      .addingToRows(parameters[bias])
  }
}
