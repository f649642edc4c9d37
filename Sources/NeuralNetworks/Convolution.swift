import Autodiff

/// A convolution with a square kernel and a bias, with PyTorch's names, shapes and initial values.
public struct Convolution: Sendable {
  /// The weight, [out, in, kernel, kernel].
  private let weight: Parameter
  /// The bias, [out].
  private let bias: Parameter
  private let padding: Int

  /// Adds a layer's parameters to a builder.
  ///
  /// - Parameters:
  ///   - name: The layer's name; its parameters are `name.weight` and `name.bias`.
  ///   - inputs: The number of input channels.
  ///   - outputs: The number of output channels.
  ///   - kernel: The side of the square kernel.
  ///   - padding: The padding on each side, in both directions.
  ///   - builder: What makes the parameters.
  public init(
    _ name: String, inputs: Int, outputs: Int, kernel: Int, padding: Int = 0,
    in builder: inout ParameterBuilder
  ) {
    let bound = 1 / Double(inputs * kernel * kernel).squareRoot()
    weight = builder.uniform("\(name).weight", [outputs, inputs, kernel, kernel], bound: bound)
    bias = builder.uniform("\(name).bias", [outputs], bound: bound)
    self.padding = padding
  }

  /// The layer's output: `[batch, height, width, in]` -> `[batch, height', width', out]`.
  public func callAsFunction(_ x: Variable, _ parameters: BoundParameters) -> Variable {
    let shape = parameters[weight].shape
    // A 1x1 convolution is an affine map of the channels.
    guard shape[2] > 1 else {
      return x.affine(weight: parameters[weight].reshaped([shape[0], shape[1]]), bias: parameters[bias])
    }
    return x.convolution(
      weight: parameters[weight], padding: padding, numerics: parameters.precision.numerics
    ).addingToRows(parameters[bias])
  }
}
