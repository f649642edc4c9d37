import Autodiff
import NeuralNetworks
import NormalizingFlows
import Tensors

// concat has the time as one more channel of the input. With kernels W for the input and w for that channel, the layer is
//
//     W * a + t (w * 1) + b
//
// where w * 1, the convolution of an image of ones, is constant during a solve. It is less at the border, where the
// kernel reaches into the padding, so that it is an image, not a number for each channel.

/// A convolution with a kernel of 3x3 that depends on the time, `[batch, height, width, in]` ->
/// `[batch, height, width, out]`: the convolutional form of `TimeLayer`, with the same dependences on the time, whose
/// gates and shifts are per channel.
struct ConvolutionalTimeLayer: Sendable {
  static let kernel = 3

  let dependence: TimeDependence
  let shape: ImageShape
  let outputs: Int
  private let parameters: [Parameter]

  /// Adds a layer's parameters to a builder.
  ///
  /// - Parameters:
  ///   - name: The layer's name; for the names of its parameters, see `TimeDependence`.
  ///   - dependence: How the layer depends on the time.
  ///   - shape: The shape of the input.
  ///   - outputs: The number of output channels.
  ///   - builder: What makes the parameters.
  init(
    _ name: String, _ dependence: TimeDependence, _ shape: ImageShape, outputs: Int,
    in builder: inout ParameterBuilder
  ) {
    self.dependence = dependence
    self.shape = shape
    self.outputs = outputs
    let kernel = [Self.kernel, Self.kernel]
    func convolution(_ part: String, _ inputs: Int) -> [Parameter] {
      let bound = 1 / Double(inputs * Self.kernel * Self.kernel).squareRoot()
      return [
        builder.uniform("\(name).\(part).weight", [outputs, inputs] + kernel, bound: bound),
        builder.uniform("\(name).\(part).bias", [outputs], bound: bound),
      ]
    }
    func linear(_ part: String) -> [Parameter] {
      let linear = Linear("\(name).\(part)", inputs: 1, outputs: outputs, in: &builder)
      return [linear.weight, linear.bias]
    }
    let inputs = shape.channels
    switch dependence {
    case .concat: parameters = convolution("_layer", inputs + 1)
    case .ignore: parameters = convolution("_layer", inputs)
    case .squash: parameters = convolution("_layer", inputs) + linear("_hyper")
    case .concatsquash:
      let layer = convolution("_layer", inputs)
      let drift = builder.uniform("\(name)._hyper_bias.weight", [outputs, 1], bound: 1)
      parameters = layer + [drift] + linear("_hyper_gate")
    case .hyper:
      let count = outputs + outputs * inputs * Self.kernel * Self.kernel
      let linear = Linear("\(name)._hypernet", inputs: 1, outputs: count, in: &builder)
      parameters = [linear.weight, linear.bias]
    case .blend: parameters = convolution("_layer0", inputs) + convolution("_layer1", inputs)
    case .gated: parameters = convolution("layer_f", inputs) + convolution("layer_g", inputs)
    }
  }

  /// What ``apply(_:time:weights:)`` takes: the parameters, and of `TimeDependence.concat` the kernels for the input, the
  /// image w * 1, and the biases.
  func weights(_ bound: BoundParameters) -> [Variable] {
    let w = parameters.map { bound[$0] }
    guard dependence == .concat else { return w }
    let ones = Variable(Tensor(repeating: 1, shape: [1, shape.height, shape.width, 1], w[0].value.elementType))
    let time = ones.convolution(weight: w[0].sliced(axis: 1, start: 0, length: 1), padding: Self.kernel / 2)
    return [
      w[0].sliced(axis: 1, start: 1, length: shape.channels), time.reshaped([shape.pixels * outputs]), w[1],
    ]
  }

  /// The number of variables that ``weights(_:)`` gives.
  var weightCount: Int { dependence == .concat ? 3 : parameters.count }

  /// The layer's output: `[batch, height, width, in]` -> `[batch, height, width, out]`.
  ///
  /// - Parameters:
  ///   - a: The input, `[batch, height, width, in]`.
  ///   - time: The time t.
  ///   - weights: What ``weights(_:)`` gives.
  func apply(_ a: Dual, time: Double, weights: ArraySlice<Variable>) -> Dual {
    let w = Array(weights)
    func convolved(_ weight: Variable, _ bias: Variable) -> Dual {
      a.convolution(weight: weight, padding: Self.kernel / 2).addingToRows(bias)
    }
    /// sigmoid(v t + c), `[out]`
    func gate(_ v: Variable, _ c: Variable) -> Variable {
      Variable.linearCombination([(time, v.reshaped([outputs])), (1, c)]).applying(.sigmoid)
    }
    switch dependence {
    case .concat:
      let y = convolved(w[0], w[2])
      let rows = y.reshaped([y.shape[0], shape.pixels * outputs]).addingToRows(time * w[1])
      return rows.reshaped(y.shape)
    case .ignore: return convolved(w[0], w[1])
    case .squash: return convolved(w[0], w[1]).scalingColumns(by: gate(w[2], w[3]))
    case .concatsquash:
      let gated = convolved(w[0], w[1]).scalingColumns(by: gate(w[3], w[4]))
      return gated.addingToRows(time * w[2].reshaped([outputs]))
    case .hyper:
      let all = Variable.linearCombination([(time, w[0].reshaped([w[1].shape[0]])), (1, w[1])])
      let bias = all.sliced(axis: 0, start: 0, length: outputs)
      let kernels = all.sliced(axis: 0, start: outputs, length: all.shape[0] - outputs)
      return convolved(kernels.reshaped([outputs, shape.channels, Self.kernel, Self.kernel]), bias)
    case .blend: return .linearCombination([(1 - time, convolved(w[0], w[1])), (time, convolved(w[2], w[3]))])
    case .gated: return convolved(w[0], w[1]) * convolved(w[2], w[3]).applying(.sigmoid)
    }
  }
}
