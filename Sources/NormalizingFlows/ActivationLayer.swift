import Autodiff
import NeuralNetworks
import Tensors

extension ElementwiseFunction {
  /// The functions that may be the activation of a velocity's network.
  public static let activations: [ElementwiseFunction] = [.softplus, .tanh, .elu, .swish, .square, .relu]
}

/// The activation after a layer of the velocity.
///
/// All are functions without parameters except swish, a sigmoid(beta a) with a learned beta that is initially one
/// (Ramachandran et al. 2017). Its parameter is `name.beta`, of shape []. As in the published code, a model has one
/// beta, which all layers of all blocks share.
package struct ActivationLayer: Sendable {
  private let function: ElementwiseFunction
  /// Beta, in the first layer of a velocity; empty for other layers and other functions.
  package let parameters: [Parameter]

  package init(_ name: String, _ function: ElementwiseFunction, isFirst: Bool, in builder: inout ParameterBuilder) {
    self.function = function
    let beta = function == .swish ? builder.sharedConstant("\(name).beta", [], 1, key: "swish") : nil
    parameters = isFirst ? [beta].compactMap { $0 } : []
  }

  /// The activation, elementwise. `weights` are the parameters of the velocity's first layer: beta, or none.
  package func apply(_ a: Dual, weights: ArraySlice<Variable>) -> Dual {
    guard function == .swish, let beta = weights.first else { return a.applying(function) }
    let width = a.shape.last ?? 1
    return a * a.scalingColumns(by: beta.broadcast(over: width)).applying(.sigmoid)
  }

  /// The activation and its derivative, elementwise; for functions without parameters.
  func valueAndDerivative(_ a: Tensor) -> (value: Tensor, derivative: Tensor) {
    precondition(function != .swish, "an activation with weights has no derivative without them")
    return a.valueAndDerivative(of: function)
  }
}
