import Autodiff
import Tensors

/// An autoregressive linear layer: x (W * mask) + b, a layer of MADE (Germain et al. 2015).
///
/// Of n inputs or outputs, number j belongs to one of as many groups as the smaller side has numbers, in order. An output
/// group sees input groups up to its own, or up to the one before it where `isStrict`. Layers put after one another, of
/// which one is strict, so make an output i that depends on inputs before i alone.
///
/// The weight is `[in, out]`, the reverse of ``Linear``'s, as in the published Sylvester code; its initial deviation is
/// sqrt(2 / out), He's with that code's reading of the shape.
public struct MaskedLinear: Sendable {
  /// `[in, out]`
  public let weight: Parameter
  /// `[out]`
  public let bias: Parameter
  private let mask: Tensor

  /// - Parameters:
  ///   - weightName: The weight's name in full; the published names of weight and bias have no layer in common.
  ///   - isStrict: Whether an output does not see the inputs of its own group.
  public init(
    weightName: String, biasName: String, inputs: Int, outputs: Int, isStrict: Bool = false,
    in builder: inout ParameterBuilder
  ) {
    precondition(
      inputs % outputs == 0 || outputs % inputs == 0,
      "masked linear: of \(inputs) inputs and \(outputs) outputs, one must be a multiple of the other")
    weight = builder.normal(weightName, [inputs, outputs], deviation: (2 / Double(outputs)).squareRoot())
    bias = builder.constant(biasName, [outputs], 0)
    mask = builder.constant([inputs, outputs]) {
      let groups = min(inputs, outputs)
      var numbers = [Float](repeating: 0, count: inputs * outputs)
      for i in 0..<inputs {
        let own = i / (inputs / groups)
        for j in 0..<outputs {
          let sees = j / (outputs / groups)
          if own < sees || (own == sees && !isStrict) { numbers[i * outputs + j] = 1 }
        }
      }
      return numbers
    }
  }

  /// [batch, in] -> [batch, out]
  public func callAsFunction(_ x: Variable, _ parameters: BoundParameters) -> Variable {
    let weight = parameters[weight]
    let masked = weight * Variable(mask.converted(to: weight.value.elementType))
    return Variable.matrixProduct(x, masked).addingToRows(parameters[bias])
  }
}
