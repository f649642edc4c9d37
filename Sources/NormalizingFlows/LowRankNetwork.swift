import Autodiff
import NeuralNetworks
import Tensors

/// The velocity of an amortized flow: a network whose weights are shared ones plus low-rank ones of each image,
///
///     layer_l(a) = a W_l^T + t w_l + c_l + (a U_l(x)) V_l(x) + bias_l(x)
///
/// with an activation between layers, and none after the last (FFJORD, section 4.2).
///
/// Its conditioning is `[image weights, W_0, c_0, W_1, c_1, ...]`, the image weights `[batch, conditionalCount]` holding
/// U_0, V_0, bias_0, U_1, ... one after another.
public struct LowRankNetwork: Velocity {
  private let layers: [TimeLayer]
  private let layouts: [LowRankLayout]
  private let activation: ElementwiseFunction

  /// - Parameter name: The block's name; layer l's parameters are `name.diffeq.layers.l._layer.weight` and so on.
  public init(
    _ name: String, latent: Int, hidden: [Int], rank: Int, activation: ElementwiseFunction = .softplus,
    timeDependence: TimeDependence = .concat, in builder: inout ParameterBuilder
  ) {
    let widths = [latent] + hidden + [latent]
    var layers: [TimeLayer] = []
    var layouts: [LowRankLayout] = []
    var offset = 0
    for (l, (inputs, outputs)) in zip(widths, widths.dropFirst()).enumerated() {
      layers.append(
        TimeLayer(
          "\(name).diffeq.layers.\(l)", timeDependence, inputs: inputs, outputs: outputs, in: &builder))
      let layout = LowRankLayout(inputs: inputs, rank: rank, outputs: outputs, offset: offset)
      layouts.append(layout)
      offset += layout.count
    }
    self.layers = layers
    self.layouts = layouts
    self.activation = activation
  }

  /// How many weights each image has of its own.
  public var conditionalCount: Int { layouts.reduce(0) { $0 + $1.count } }

  /// The conditioning for image weights `[batch, conditionalCount]`.
  public func conditioning(imageWeights: Variable, _ parameters: BoundParameters) -> [Variable] {
    [imageWeights] + layers.flatMap(\.parameters).map { parameters[$0] }
  }

  public func callAsFunction(time: Double, z: Dual, conditioning: [Variable]) -> Dual {
    var a = z
    for (l, (layer, layout)) in zip(layers, layouts).enumerated() {
      let shared = layer.apply(a, time: time, weights: conditioning[(1 + 2 * l)...])
      a = a.lowRank(layout, weights: conditioning[0], adding: shared)
      if l < layers.count - 1 { a = a.applying(activation) }
    }
    return a
  }
}
