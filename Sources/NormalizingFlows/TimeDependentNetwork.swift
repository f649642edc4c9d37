import Autodiff
import NeuralNetworks
import Tensors

/// A velocity that is a network of layers that depend on the time, `[batch, latent]` -> `[batch, latent]`: that of an
/// FFJORD density model without amortization.
///
///     a_0 = z,    a_l = activation(layer_l(t, a_(l-1))),    dz/dt = layer_L(t, a_(L-1))
///
/// ```swift
/// var builder = ParameterBuilder(seed: 1)
/// let network = TimeDependentNetwork("flow", latent: 2, hidden: [64, 64], timeDependence: .concatsquash, in: &builder)
/// let flow = ContinuousFlow(velocity: network)
/// let output = try flow.forward(z, conditioning: network.conditioning(builder.parameters.constants))
/// ```
///
/// Grathwohl et al. 2019 (FFJORD), section 4.1.
public struct TimeDependentNetwork: Velocity {
  private let network: AmortizedNetwork

  /// Adds the network's parameters to a builder.
  ///
  /// - Parameters:
  ///   - name: The network's name. The parameters of layer l are `name.diffeq.layers.l._layer.weight` and so on.
  ///   - latent: The number of dimensions of z.
  ///   - hidden: The widths of the hidden layers.
  ///   - activation: The activation between layers.
  ///   - timeDependence: How the layers depend on the time.
  ///   - builder: What makes the parameters.
  public init(
    _ name: String, latent: Int, hidden: [Int], activation: ElementwiseFunction = .softplus,
    timeDependence: TimeDependence = .concat, in builder: inout ParameterBuilder
  ) {
    network = AmortizedNetwork(
      name, latent: latent, hidden: hidden, amortization: .none, activation: activation,
      timeDependence: timeDependence, in: &builder)
  }

  /// The network's weights, which the velocity is conditioned on.
  public func conditioning(_ parameters: BoundParameters) -> [Variable] {
    network.conditioning(perSampleWeights: nil, parameters)
  }

  /// The velocity dz/dt, `[batch, latent]`, for the weights that ``conditioning(_:)`` gives.
  public func callAsFunction(time: Double, z: Dual, conditioning: [Variable]) -> Dual {
    network(time: time, z: z, conditioning: conditioning)
  }

  /// The exact divergence in closed form, as ``AmortizedNetwork/exactDivergence(conditioning:)`` has it.
  public func exactDivergence(conditioning: [Variable]) -> ExactDivergence? {
    network.exactDivergence(conditioning: conditioning)
  }
}
