import Autodiff

/// A linear layer, x W^T + b, with PyTorch's names, shapes and initial values: uniform within 1 / sqrt(inputs).
public struct Linear: Sendable {
  /// The weight W, `[out, in]`.
  public let weight: Parameter
  /// The bias b, `[out]`.
  public let bias: Parameter

  /// Adds a layer's parameters to a builder.
  ///
  /// - Parameters:
  ///   - name: The layer's name; its parameters are `name.weight` and `name.bias`.
  ///   - inputs: The number of inputs.
  ///   - outputs: The number of outputs.
  ///   - builder: What makes the parameters.
  public init(_ name: String, inputs: Int, outputs: Int, in builder: inout ParameterBuilder) {
    let bound = 1 / Double(inputs).squareRoot()
    weight = builder.uniform("\(name).weight", [outputs, inputs], bound: bound)
    bias = builder.uniform("\(name).bias", [outputs], bound: bound)
  }

  /// The layer's output: `[..., in]` -> `[..., out]`.
  ///
  /// - Parameters:
  ///   - x: The input, `[..., in]`.
  ///   - parameters: The model's parameters.
  ///   - precision: The precision of the products with the weight, and of its gradient.
  public func callAsFunction(
    _ x: Variable, _ parameters: BoundParameters, precision: Precision = .float32
  ) -> Variable {
    x.affine(weight: parameters[weight], bias: parameters[bias], numerics: precision.numerics)
  }
}
