import Autodiff
import Kernels
import NeuralNetworks

/// A layer of a velocity that depends on the time, `[batch, in]` -> `[batch, out]`; see ``TimeDependence``.
public struct TimeLayer: Sendable {
  /// The width of the hidden layer of ``TimeDependence/hyper``.
  static let hypernetworkWidth = 8

  /// How the layer depends on the time.
  public let dependence: TimeDependence
  /// The number of inputs.
  public let inputs: Int
  /// The number of outputs.
  public let outputs: Int
  /// The layer's parameters, in the order in which ``apply(_:time:weights:)`` takes them.
  public let parameters: [Parameter]

  /// Adds a layer's parameters to a builder.
  ///
  /// - Parameters:
  ///   - name: The layer's name; for the names of its parameters, see ``TimeDependence``.
  ///   - dependence: How the layer depends on the time.
  ///   - inputs: The number of inputs.
  ///   - outputs: The number of outputs.
  ///   - builder: What makes the parameters.
  public init(
    _ name: String, _ dependence: TimeDependence, inputs: Int, outputs: Int,
    in builder: inout ParameterBuilder
  ) {
    self.dependence = dependence
    self.inputs = inputs
    self.outputs = outputs
    func linear(_ part: String, _ inputs: Int) -> [Parameter] {
      let linear = Linear("\(name).\(part)", inputs: inputs, outputs: outputs, in: &builder)
      return [linear.weight, linear.bias]
    }
    switch dependence {
    case .concat: parameters = linear("_layer", inputs + 1)
    case .ignore: parameters = linear("_layer", inputs)
    case .squash: parameters = linear("_layer", inputs) + linear("_hyper", 1)
    case .concatsquash:
      let layer = linear("_layer", inputs)
      let drift = builder.uniform("\(name)._hyper_bias.weight", [outputs, 1], bound: 1)
      parameters = layer + [drift] + linear("_hyper_gate", 1)
    case .hyper:
      // The published initial values: weights of zero, and biases near zero.
      let (width, count) = (Self.hypernetworkWidth, outputs + outputs * inputs)
      parameters = [
        builder.constant("\(name)._hypernet.0.weight", [width, 1], 0),
        builder.normal("\(name)._hypernet.0.bias", [width], deviation: 0.01),
        builder.constant("\(name)._hypernet.2.weight", [count, width], 0),
        builder.normal("\(name)._hypernet.2.bias", [count], deviation: 0.01),
      ]
    case .blend: parameters = linear("_layer0", inputs) + linear("_layer1", inputs)
    case .gated: parameters = linear("layer_f", inputs) + linear("layer_g", inputs)
    }
  }

  /// The layer with per-sample low-rank weights added to it.
  func apply(
    _ a: Dual, time: Double, weights: ArraySlice<Variable>, lowRank layout: LowRankLayout, perSampleWeights: Variable
  ) -> Dual {
    let w = Array(weights.prefix(parameters.count))
    switch dependence {
    case .concat:
      return a.affine(weight: w[0], bias: w[1], time: time, lowRank: layout, perSampleWeights: perSampleWeights)
    case .ignore: return a.affine(weight: w[0], bias: w[1], lowRank: layout, perSampleWeights: perSampleWeights)
    default: return a.lowRank(layout, weights: perSampleWeights, adding: apply(a, time: time, weights: weights))
    }
  }

  /// The layer's output: `[batch, in]` -> `[batch, out]`.
  ///
  /// - Parameters:
  ///   - a: The input, `[batch, in]`.
  ///   - time: The time t.
  ///   - weights: The values of ``parameters``.
  public func apply(_ a: Dual, time: Double, weights: ArraySlice<Variable>) -> Dual {
    let w = Array(weights.prefix(parameters.count))
    /// sigmoid(v t + c), `[out]`
    func gate(_ v: Variable, _ c: Variable) -> Variable {
      Variable.linearCombination([(time, v.reshaped([outputs])), (1, c)]).applying(.sigmoid)
    }
    switch dependence {
    case .concat: return a.affine(weight: w[0], bias: w[1], time: time)
    case .ignore: return a.affine(weight: w[0], bias: w[1])
    case .squash: return a.affine(weight: w[0], bias: w[1]).scalingColumns(by: gate(w[2], w[3]))
    case .concatsquash:
      return a.affine(weight: w[0], bias: w[1]).scalingColumns(by: gate(w[3], w[4]))
        .addingToRows(time * w[2].reshaped([outputs]))
    case .hyper:
      // tanh(A t + c) as a row, [1, 8], from which follow all weights and biases of the layer.
      let hidden = Variable.linearCombination([(time, w[0].reshaped([Self.hypernetworkWidth])), (1, w[1])])
        .applying(.tanh).reshaped([1, Self.hypernetworkWidth])
      let numbers = hidden.affine(weight: w[2], bias: w[3]).reshaped([outputs + outputs * inputs])
      let bias = numbers.sliced(axis: 0, start: 0, length: outputs)
      let weight = numbers.sliced(axis: 0, start: outputs, length: outputs * inputs)
      return a.affine(weight: weight.reshaped([outputs, inputs]), bias: bias)
    case .blend:
      // Both layers as one: interpolating their weights costs less than a second product with the batch.
      func mixed(_ i: Int) -> Variable { .linearCombination([(1 - time, w[i]), (time, w[i + 2])]) }
      return a.affine(weight: mixed(0), bias: mixed(1))
    case .gated:
      return a.affine(weight: w[0], bias: w[1]) * a.affine(weight: w[2], bias: w[3]).applying(.sigmoid)
    }
  }
}
