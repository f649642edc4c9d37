import Autodiff
import NeuralNetworks
import NormalizingFlows
import Tensors

/// A velocity of images that is a network of 3x3 convolutions that depend on the time, `[batch, dimensions]` ->
/// `[batch, dimensions]`.
///
///     a_0 = z,    a_l = activation(layer_l(t, a_(l-1))),    dz/dt = layer_L(t, a_(L-1))
///
/// Rows hold images with their channels last.
///
/// Grathwohl et al. 2019 (FFJORD), section 4.1, the experiments on images.
public struct ConvolutionalNetwork: ConditionedVelocity {
  private let shape: ImageShape
  private let layers: [ConvolutionalTimeLayer]
  private let activations: [ActivationLayer]
  private let activationParameters: [Parameter]

  /// Adds the network's parameters to a builder.
  ///
  /// - Parameters:
  ///   - name: The network's name. The parameters of layer l are `name.diffeq.layers.l._layer.weight` and so on.
  ///   - shape: The shape of the images.
  ///   - hidden: The channels of the hidden layers.
  ///   - activation: The activation between layers.
  ///   - timeDependence: How the layers depend on the time.
  ///   - builder: What makes the parameters.
  public init(
    _ name: String, shape: ImageShape, hidden: [Int], activation: ElementwiseFunction = .softplus,
    timeDependence: TimeDependence = .concat, in builder: inout ParameterBuilder
  ) {
    self.shape = shape
    var layers: [ConvolutionalTimeLayer] = []
    var activations: [ActivationLayer] = []
    var input = shape
    for (l, outputs) in (hidden + [shape.channels]).enumerated() {
      layers.append(
        ConvolutionalTimeLayer("\(name).diffeq.layers.\(l)", timeDependence, input, outputs: outputs, in: &builder))
      input.channels = outputs
      guard l < hidden.count else { break }
      activations.append(
        ActivationLayer("\(name).diffeq.activation_fns.\(l)", activation, isFirst: l == 0, in: &builder))
    }
    self.layers = layers
    self.activations = activations
    activationParameters = activations.flatMap(\.parameters)
  }

  /// The weights of all layers, and the activation's where it has any.
  public func conditioning(_ parameters: BoundParameters) -> [Variable] {
    activationParameters.map { parameters[$0] } + layers.flatMap { $0.weights(parameters) }
  }

  /// The velocity dz/dt, `[batch, dimensions]`, for the weights that ``conditioning(_:)`` gives.
  public func callAsFunction(time: Double, z: Dual, conditioning: [Variable]) -> Dual {
    var rest = conditioning[...]
    let activation = rest.take(activationParameters.count)
    var a = z.reshaped([z.shape[0], shape.height, shape.width, shape.channels])
    for (l, layer) in layers.enumerated() {
      a = layer.apply(a, time: time, weights: rest.take(layer.weightCount))
      if activations.indices.contains(l) { a = activations[l].apply(a, weights: activation) }
    }
    return a.reshaped(z.shape)
  }
}
