import Autodiff

/// x W^T + b, with PyTorch's names, shapes and initial values (uniform within 1 / sqrt(inputs)).
public struct Linear: Sendable {
  /// [out, in]
  public let weight: Parameter
  /// [out]
  public let bias: Parameter

  /// - Parameter name: The layer's name; its parameters are `name.weight` and `name.bias`.
  public init(_ name: String, inputs: Int, outputs: Int, in builder: inout ParameterBuilder) {
    let bound = 1 / Double(inputs).squareRoot()
    weight = builder.uniform("\(name).weight", [outputs, inputs], bound: bound)
    bias = builder.uniform("\(name).bias", [outputs], bound: bound)
  }

  /// [..., in] -> [..., out]
  ///
  /// - Parameter precision: The arithmetic of the products with the weights and of their gradient.
  public func callAsFunction(
    _ x: Variable, _ parameters: BoundParameters, precision: Precision = .float32
  ) -> Variable {
    x.affine(weight: parameters[weight], bias: parameters[bias], numerics: precision.numerics)
  }
}
