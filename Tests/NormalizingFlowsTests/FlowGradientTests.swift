import Autodiff
import DifferentialEquations
import NormalizingFlows
import Randomness
import Tensors
import TestSupport
import Testing

@testable import NeuralNetworks

/// Gradients of a flow's output against finite differences, in double precision.
///
/// A fixed number of steps makes the discrete map smooth, so that it has derivatives to compare with.
@Suite struct FlowGradientTests {
  struct Case: CustomTestStringConvertible {
    let gradient: AdjointMethod
    let divergence: Divergence
    let network: SmallNetwork

    var testDescription: String { "\(gradient), \(divergence), \(network.testDescription)" }

    static let all = AdjointMethod.allCases.flatMap { gradient in
      Divergence.allCases.flatMap { divergence in
        SmallNetwork.examples.prefix(3).map {
          Case(gradient: gradient, divergence: divergence, network: $0)
        }
      }
    }

    /// Direct and checkpointed gradients are those of the discrete map whatever its steps; the adjoint's
    /// agree with them up to its own discretization, which at this many steps is below what is asked.
    var solver: SolverOptions {
      SolverOptions.fixed(.rungeKutta4, steps: gradient == .adjoint ? 24 : 3)
    }
  }

  /// A scalar that depends on every number of a flow's output.
  private func loss(_ output: FlowOutput) -> Variable {
    let weights = Variable(normals(output.z.shape, 31))
    let deltaWeights = Variable(normals(output.deltaLogDensity.shape, 32))
    return (weights * output.z).sum() + (deltaWeights * output.deltaLogDensity).sum()
  }

  @Test(arguments: Case.all)
  func `gradients of state and density equal finite differences`(_ example: Case) throws {
    let latent = example.network.latent
    let (network, parameters) = example.network.make()
    let flow = ContinuousFlow(velocity: network, solver: example.solver, gradient: example.gradient)
    let probes = example.divergence.probes(
      batch: 2, latent: latent, RandomStream(seed: 1, purpose: .divergenceProbe), .float64)
    func output(_ all: [Variable]) throws -> FlowOutput {
      // State, the change so far, the weights of each image, the shared weights.
      try flow.forward(all[0], delta: all[1], conditioning: Array(all[2...]), probes: probes)
    }
    let inputs =
      [normals([2, latent], 1), normals([2], 3), example.network.perSampleWeights(batch: 2)] + parameters.tensors
    let tape = Tape()
    let variables = inputs.map { tape.variable($0) }
    let result = try output(variables)
    let gradients = tape.gradients(of: loss(result), withRespectTo: variables)
    #expect(tape.backwardPass.failure == nil && tape.backwardPass.evaluations > 0)
    let stride = 3
    let expected = try centralDifferences(inputs, every: stride) {
      loss(try output($0.map { Variable($0) })).value.scalar
    }
    for (i, (gradient, differences)) in zip(gradients, expected).enumerated() {
      let all = gradient.doubles()
      let sampled = Swift.stride(from: 0, to: all.count, by: stride).map { all[$0] }
      let difference = relativeDifference(sampled, differences)
      #expect(difference < 1e-7, "input \(i) of shape \(gradient.shape): \(difference)")
      #expect(differences.contains { abs($0) > 1e-4 }, "input \(i) does not matter")
    }
  }

  @Test(arguments: AdjointMethod.allCases)
  func `gradients through the hypernetwork and several blocks equal finite differences`(
    _ gradient: AdjointMethod
  ) throws {
    var builder = ParameterBuilder(seed: 4)
    let flow = AmortizedContinuousFlow(
      features: 5, latent: 3, hidden: [4, 5], blocks: 2, rank: 2,
      solver: SolverOptions.fixed(.rungeKutta4, steps: gradient == .adjoint ? 24 : 3),
      gradient: gradient, in: &builder)
    let set = builder.parameters.converted(to: .float64)
    func value(_ all: [Variable]) throws -> Variable {
      let output = try flow.forward(
        all[0], features: all[1], BoundParameters(variables: Array(all[2...])),
        ProbeSource(.gaussian, seed: 6))
      return loss(output)
    }
    let inputs = [normals([3, 3], 1), normals([3, 5], 2)] + set.tensors
    let tape = Tape()
    let variables = inputs.map { tape.variable($0) }
    let gradients = tape.gradients(of: try value(variables), withRespectTo: variables)
    let stride = 7
    let expected = try centralDifferences(inputs, every: stride) {
      try value($0.map { Variable($0) }).value.scalar
    }
    let names = ["z0", "features"] + set.parameters.map(\.name)
    for (name, (gradient, differences)) in zip(names, zip(gradients, expected)) {
      let all = gradient.doubles()
      let sampled = Swift.stride(from: 0, to: all.count, by: stride).map { all[$0] }
      let difference = relativeDifference(sampled, differences)
      #expect(difference < 1e-7, "\(name): \(difference)")
    }
  }

  @Test func `at a tight tolerance, all gradients of an adaptive solve agree`() throws {
    let (network, conditioning) = SmallNetwork().conditioned(batch: 3)
    let probes = normals([1, 3, 4], 9)
    func gradients(_ gradient: AdjointMethod) throws -> [[Double]] {
      let flow = ContinuousFlow(
        velocity: network, solver: SolverOptions.adaptive(tolerance: 1e-11),
        gradient: gradient)
      let tape = Tape()
      let variables = ([normals([3, 4], 1)] + conditioning.map(\.value)).map { tape.variable($0) }
      let output = try flow.forward(
        variables[0], conditioning: Array(variables[1...]), probes: probes)
      return tape.gradients(of: loss(output), withRespectTo: variables).map { $0.doubles() }
    }
    let direct = try gradients(.direct)
    for (a, b) in zip(try gradients(.checkpointed), direct) { #expect(relativeDifference(a, b) < 1e-13) }
    for (a, b) in zip(try gradients(.adjoint), direct) { #expect(relativeDifference(a, b) < 1e-8) }
  }

  @Test(arguments: AdjointMethod.allCases)
  func `gradients of the inverse equal finite differences`(_ gradient: AdjointMethod) throws {
    let (network, conditioning) = SmallNetwork().conditioned(batch: 2)
    let flow = ContinuousFlow(
      velocity: network,
      solver: SolverOptions.fixed(.rungeKutta4, steps: gradient == .adjoint ? 24 : 3),
      gradient: gradient)
    let probes = normals([1, 2, 4], 9)
    let inputs = [normals([2, 4], 1)] + conditioning.map(\.value)
    func value(_ all: [Variable]) throws -> Variable {
      loss(try flow.inverse(all[0], conditioning: Array(all[1...]), probes: probes))
    }
    let tape = Tape()
    let variables = inputs.map { tape.variable($0) }
    let gradients = tape.gradients(of: try value(variables), withRespectTo: variables)
    let expected = try centralDifferences(inputs) { try value($0.map { Variable($0) }).value.scalar }
    for (gradient, differences) in zip(gradients, expected) {
      #expect(relativeDifference(gradient.doubles(), differences) < 1e-7)
    }
  }
}
