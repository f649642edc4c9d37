import Autodiff
import NeuralNetworks
import Tensors

extension ElementwiseFunction {
  /// The functions that a velocity's layers may be joined by.
  public static let activations: [ElementwiseFunction] = [.softplus, .tanh, .elu, .swish, .square, .relu]
}

/// The activation after a layer of the velocity.
///
/// All are plain functions except swish, a sigmoid(beta a) with a learned beta (Ramachandran et al. 2017), which begins
/// at one; its parameter is `name.beta`, of shape []. As in the published code, a model has one swish, which all layers of
/// all blocks share.
struct ActivationLayer: Sendable {
  private let function: ElementwiseFunction
  /// None, or beta, which a velocity's first layer stands for.
  let parameters: [Parameter]

  init(_ name: String, _ function: ElementwiseFunction, isFirst: Bool, in builder: inout ParameterBuilder) {
    self.function = function
    let beta = function == .swish ? builder.sharedConstant("\(name).beta", [], 1, key: "swish") : nil
    parameters = isFirst ? [beta].compactMap { $0 } : []
  }

  /// Any shape; `weights` are those of the velocity's first layer.
  func apply(_ a: Dual, weights: ArraySlice<Variable>) -> Dual {
    guard function == .swish, let beta = weights.first else { return a.applying(function) }
    let width = a.shape.last ?? 1
    return a * a.scalingColumns(by: beta.broadcast(over: width)).applying(.sigmoid)
  }

  /// The activation and its derivative, number by number, where it is a plain function.
  func valueAndDerivative(_ a: Tensor) -> (value: Tensor, derivative: Tensor) {
    precondition(function != .swish, "an activation with weights has no derivative without them")
    return a.valueAndDerivative(of: function)
  }
}
