import Autodiff
import NeuralNetworks

/// How a layer of the velocity depends on time.
public enum TimeDependence: String, Sendable, CaseIterable, Codable {
  /// The time is one more input: W [t, a] + b (the published model's).
  case concat
  /// The time is ignored: W a + b.
  case ignore
}

/// A shared affine layer of the velocity; its parameters are `name._layer.weight` and `name._layer.bias`.
struct TimeLayer: Sendable {
  let dependence: TimeDependence
  let linear: Linear

  init(
    _ name: String, _ dependence: TimeDependence, inputs: Int, outputs: Int,
    in builder: inout ParameterBuilder
  ) {
    self.dependence = dependence
    linear = Linear(
      "\(name)._layer", inputs: dependence == .concat ? inputs + 1 : inputs, outputs: outputs, in: &builder)
  }

  /// The layer's parameters, in the order in which ``apply(_:time:weights:)`` takes them.
  var parameters: [Parameter] { [linear.weight, linear.bias] }

  /// [batch, in] -> [batch, out]
  func apply(_ a: Dual, time: Double, weights: ArraySlice<Variable>) -> Dual {
    let (weight, bias) = (weights[weights.startIndex], weights[weights.startIndex + 1])
    switch dependence {
    case .concat: return a.affine(weight: weight, bias: bias, time: time)
    case .ignore: return a.affine(weight: weight, bias: bias)
    }
  }
}
