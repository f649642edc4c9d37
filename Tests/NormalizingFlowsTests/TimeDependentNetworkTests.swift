import Autodiff
import DifferentialEquations
import NeuralNetworks
import NormalizingFlows
import Tensors
import TestSupport
import Testing

@Suite struct TimeDependentNetworkTests {
  @Test(arguments: TimeDependence.allCases)
  func `a network is its layers and activations`(_ dependence: TimeDependence) {
    var builder = ParameterBuilder(seed: 3)
    let network = TimeDependentNetwork(
      "f", latent: 3, hidden: [5], activation: .tanh, timeDependence: dependence, in: &builder)
    var layers = ParameterBuilder(seed: 3)
    let first = TimeLayer("f.diffeq.layers.0", dependence, inputs: 3, outputs: 5, in: &layers)
    let second = TimeLayer("f.diffeq.layers.1", dependence, inputs: 5, outputs: 3, in: &layers)
    let (parameters, same) = (builder.parameters.constants, layers.parameters.constants)
    let z = Dual(Variable(normals([4, 3], 1).converted(to: .float32)))
    func weights(_ layer: TimeLayer) -> ArraySlice<Variable> { layer.parameters.map { same[$0] }[...] }
    let hidden = first.apply(z, time: 0.3, weights: weights(first)).applying(.tanh)
    let expected = second.apply(hidden, time: 0.3, weights: weights(second))
    let velocity = network(time: 0.3, z: z, conditioning: network.conditioning(parameters))
    #expect(velocity.primal.value == expected.primal.value)
  }

  @Test func `a flow along a network comes back, with the exact divergence`() throws {
    var builder = ParameterBuilder(seed: 2)
    let network = TimeDependentNetwork("f", latent: 2, hidden: [16, 16], activation: .tanh, in: &builder)
    let conditioning = network.conditioning(builder.parameters.converted(to: .float64).constants)
    let flow = ContinuousFlow(velocity: network, timeLength: 1, solver: .adaptive(tolerance: 1e-9))
    let z = normals([6, 2], 4)
    let there = try flow.forward(Variable(z), conditioning: conditioning)
    let back = try flow.inverse(there.z, delta: there.deltaLogDensity, conditioning: conditioning)
    #expect((back.z.value - z).sumOfSquares() < 1e-12 && back.deltaLogDensity.value.sumOfSquares() < 1e-12)
    #expect((there.z.value - z).sumOfSquares() > 1e-2)
    #expect(network.exactDivergence(conditioning: conditioning) != nil)
  }
}
