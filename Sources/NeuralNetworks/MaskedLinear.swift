import Autodiff
import Tensors

/// A masked, autoregressive linear layer, x (W * mask) + b: a layer of MADE (Germain et al. 2015).
///
/// Inputs and outputs are each divided, in order, into min(inputs, outputs) groups. The outputs of a group see the
/// inputs of the groups up to their own, or up to the one before it where the layer is strict. A stack of layers of
/// which one is strict therefore makes output group i depend on the input groups before i alone.
///
/// The weight is `[in, out]`, the transpose of ``Linear``'s, as in the published Sylvester code. The standard
/// deviation of its initial values is sqrt(2 / out): He initialization, with out taken as the fan-in as that code
/// does.
public struct MaskedLinear: Sendable {
  /// The weight W before masking, `[in, out]`.
  public let weight: Parameter
  /// The bias b, `[out]`.
  public let bias: Parameter
  private let mask: Tensor

  /// Adds a layer's parameters to a builder.
  ///
  /// - Precondition: One of `inputs` and `outputs` is a multiple of the other.
  /// - Parameters:
  ///   - weightName: The full name of the weight; the published names of weight and bias share no layer name.
  ///   - biasName: The full name of the bias.
  ///   - inputs: The number of inputs.
  ///   - outputs: The number of outputs.
  ///   - isStrict: Whether outputs do not see the inputs of their own group.
  ///   - builder: What makes the parameters.
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

  /// The layer's output: `[batch, in]` -> `[batch, out]`.
  public func callAsFunction(_ x: Variable, _ parameters: BoundParameters) -> Variable {
    let weight = parameters[weight]
    let masked = weight * Variable(mask.converted(to: weight.value.elementType))
    return Variable.matrixProduct(x, masked).addingToRows(parameters[bias])
  }
}
