import Autodiff
import DifferentialEquations
import NeuralNetworks
import Randomness
import Tensors
import TestSupport
import Testing

@testable import NormalizingFlows

/// The trace as a form in the derivatives of the activations, against a tangent for each latent number.
@Suite struct ExactTraceTests {
  private static let latent = 5
  private static let batch = 3

  private func example(
    _ hidden: [Int], _ amortization: Amortization, _ time: TimeDependence, _ activation: ElementwiseFunction
  ) -> (network: AmortizedNetwork, conditioning: [Variable]) {
    var builder = ParameterBuilder(seed: 3)
    let network = AmortizedNetwork(
      "block", latent: Self.latent, hidden: hidden, amortization: amortization, rank: 2, activation: activation,
      timeDependence: time, in: &builder)
    var parameters = builder.parameters
    for (i, tensor) in parameters.tensors.enumerated() {
      let numbers = RandomStream(seed: UInt64(i), purpose: .test).normals(0..<tensor.count)
      parameters.tensors[i] = Tensor(numbers.map { 0.5 * Double($0) }, shape: tensor.shape)
    }
    let count = network.conditionalCount
    let numbers = RandomStream(seed: 99, purpose: .test).normals(0..<(Self.batch * count))
    let own = Tensor(numbers.map { 0.5 * Double($0) }, shape: [Self.batch, count])
    return (network, network.conditioning(perSampleWeights: count > 0 ? Variable(own) : nil, parameters.constants))
  }

  private let z = Variable(
    Tensor(
      RandomStream(seed: 5, purpose: .test).normals(0..<(batch * latent)).map { Double($0) }, shape: [batch, latent]))

  private func difference(_ a: Tensor, _ b: Tensor) -> Double {
    zip(a.doubles(), b.doubles()).map { abs($0 - $1) / max(1, abs($1)) }.max() ?? .infinity
  }

  @Test(arguments: [[4], [4, 6]], Amortization.allCases)
  func `it is the sum of the tangents' own components`(hidden: [Int], amortization: Amortization) throws {
    for time in [TimeDependence.concat, .ignore] where amortization != .hyper || time == .concat {
      for activation in [ElementwiseFunction.softplus, .tanh, .elu, .square] {
        let (network, conditioning) = example(hidden, amortization, time, activation)
        let exact = try #require(network.exactDivergence(conditioning: conditioning))
        let units = Variable(Divergence.unitVectors(batch: Self.batch, latent: Self.latent, .float64))
        for t in [0.0, 0.3] {
          let (velocity, divergence) = exact(t, z)
          let expected = network.probed(time: t, z: z, probes: units, conditioning: conditioning)
          #expect(difference(velocity.value, expected.velocity.value) < 1e-13)
          #expect(difference(divergence.value, expected.divergence.value) < 1e-12)
        }
      }
    }
  }

  @Test(arguments: [[4], [4, 6], [33, 70]], Amortization.allCases)
  func `in single precision it is as accurate as single precision is`(
    hidden: [Int], amortization: Amortization
  ) throws {
    let (network, conditioning) = example(hidden, amortization, .concat, .softplus)
    let singles = conditioning.map { Variable($0.value.converted(to: .float32)) }
    let start = Variable(z.value.converted(to: .float32))
    let units = Variable(Divergence.unitVectors(batch: Self.batch, latent: Self.latent, .float64))
    let exact = try #require(network.exactDivergence(conditioning: singles))
    let (velocity, divergence) = exact(0.3, start)
    let expected = network.probed(time: 0.3, z: z, probes: units, conditioning: conditioning)
    #expect(difference(velocity.value, expected.velocity.value) < 1e-4)
    #expect(difference(divergence.value, expected.divergence.value) < 1e-4)
  }

  @Test func `a solve takes the same steps to the same end`() throws {
    let (network, conditioning) = example([4, 6], .lowRank, .concat, .softplus)
    let options = SolverOptions.adaptive(tolerance: 1e-8)
    let flow = ContinuousFlow(velocity: network, solver: options)
    let quick = try flow.forward(z, conditioning: conditioning)
    let units = Divergence.unitVectors(batch: Self.batch, latent: Self.latent, .float64)
    let slow = try flow.forward(z, conditioning: conditioning, probes: units)
    #expect(difference(quick.z.value, slow.z.value) < 1e-12)
    #expect(difference(quick.deltaLogDensity.value, slow.deltaLogDensity.value) < 1e-12)
    #expect(quick.evaluations == slow.evaluations)
  }

  @Test func `a gradient flows through an exact divergence`() throws {
    let (network, conditioning) = example([4, 6], .lowRank, .concat, .softplus)
    let flow = ContinuousFlow(velocity: network)
    func gradient(probes: Tensor?) throws -> Tensor {
      let tape = Tape()
      let start = tape.variable(z.value)
      let output = try flow.forward(start, conditioning: conditioning, probes: probes)
      return tape.gradients(of: output.deltaLogDensity.sum(), withRespectTo: [start])[0]
    }
    let units = Divergence.unitVectors(batch: Self.batch, latent: Self.latent, .float64)
    #expect(try difference(gradient(probes: nil), gradient(probes: units)) == 0)
  }

  @Test func `there is no form where weights depend on the time, or with more hidden layers`() {
    for (hidden, time) in [([4], TimeDependence.squash), ([4], .blend), ([4], .hyper), ([4, 4, 4], .concat)] {
      let (network, conditioning) = example(hidden, .none, time, .tanh)
      #expect(network.exactDivergence(conditioning: conditioning) == nil)
    }
    let (network, conditioning) = example([4], .none, .concat, .swish)
    #expect(network.exactDivergence(conditioning: conditioning) == nil)
  }
}
