import Autodiff
import NeuralNetworks
import NormalizingFlows
import Tensors
import TestSupport
import Testing

/// A low-rank network of small sizes, in double precision.
struct SmallNetwork: CustomTestStringConvertible {
  var latent = 4
  var hidden = [6, 5]
  var rank = 2
  var activation = ElementwiseFunction.softplus
  var timeDependence = TimeDependence.concat

  var testDescription: String {
    let widths = ([latent] + hidden + [latent]).map(String.init).joined(separator: "-")
    return "\(widths), rank \(rank), \(activation), time \(timeDependence)"
  }

  static let examples = [
    SmallNetwork(),
    SmallNetwork(latent: 3, hidden: [7], rank: 1, activation: .tanh),
    SmallNetwork(latent: 5, hidden: [4, 6, 5], rank: 3, activation: .swish, timeDependence: .ignore),
    SmallNetwork(latent: 4, hidden: [8, 8], rank: 9, activation: .sigmoid),
    SmallNetwork(latent: 3, hidden: [5, 5], rank: 2, activation: .elu),
  ]

  func make() -> (network: AmortizedNetwork, parameters: ParameterSet) {
    var builder = ParameterBuilder(seed: 5)
    let network = AmortizedNetwork(
      "block", latent: latent, hidden: hidden, rank: rank, activation: activation,
      timeDependence: timeDependence, in: &builder)
    return (network, builder.parameters.converted(to: .float64))
  }

  /// Random weights of each image, `[batch, conditionalCount]`.
  func perSampleWeights(batch: Int) -> Tensor {
    normals([batch, make().network.conditionalCount], 2, scale: 0.4)
  }

  /// The network and what it is conditioned on.
  func conditioned(batch: Int) -> (network: AmortizedNetwork, conditioning: [Variable]) {
    let (network, parameters) = make()
    let weights = Variable(perSampleWeights(batch: batch))
    return (network, network.conditioning(perSampleWeights: weights, parameters.constants))
  }
}
