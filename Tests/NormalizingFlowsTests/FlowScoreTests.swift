import Autodiff
import DifferentialEquations
import NormalizingFlows
import Randomness
import Tensors
import TestSupport
import Testing

/// The score that a flow carries along, against the gradient of its log-density.
@Suite struct FlowScoreTests {
  private let tight = SolverOptions.adaptive(tolerance: 1e-10)
  private let batch = 3

  /// The gradient of log q(zT) with respect to zT for a standard normal z0, by differentiating the way back.
  private func scoreByInverse(
    _ flow: ContinuousFlow<AmortizedNetwork>, _ zT: Tensor, _ conditioning: [Variable], _ probes: Tensor
  ) throws -> [Double] {
    let tape = Tape()
    let end = tape.variable(zT)
    let back = try flow.inverse(end, conditioning: conditioning, probes: probes)
    // log q(zT) = log q0(z0) - (log q(z0) - log q(zT)), up to a constant.
    let logDensity = (-0.5 * back.z.applying(.square)).sum() - back.deltaLogDensity.sum()
    return tape.gradients(of: logDensity, withRespectTo: [end])[0].doubles()
  }

  @Test(arguments: SmallNetwork.examples, Divergence.allCases)
  func `the score is the gradient of the log-density`(_ example: SmallNetwork, _ divergence: Divergence) throws {
    let (network, conditioning) = example.conditioned(batch: batch)
    let flow = ContinuousFlow(velocity: network, solver: tight)
    let z0 = normals([batch, example.latent], 1)
    let probes = divergence.probes(
      batch: batch, latent: example.latent, RandomStream(seed: 1, purpose: .divergenceProbe), .float64)
    let output = try flow.forward(
      Variable(z0), score: z0.scaled(by: -1), conditioning: conditioning, probes: probes)
    let expected = try scoreByInverse(flow, output.z.value, conditioning, probes)
    let score = try #require(output.score).doubles()
    // The second derivative of elu jumps, so that the right-hand side does: no method keeps its order across that.
    #expect(relativeDifference(score, expected) < (example.activation == .elu ? 3e-4 : 1e-7))
    #expect(largestDifference(score, z0.scaled(by: -1).doubles()) > 1e-2)
    // z and the log-density are those of the flow without a score.
    let plain = try flow.forward(Variable(z0), conditioning: conditioning, probes: probes)
    #expect(largestDifference(output.z.value.doubles(), plain.z.value.doubles()) < 1e-9)
    #expect(largestDifference(output.deltaLogDensity.value.doubles(), plain.deltaLogDensity.value.doubles()) < 1e-9)
  }

  @Test(arguments: AdjointMethod.allCases)
  func `gradients flow through z alone`(_ gradient: AdjointMethod) throws {
    let example = SmallNetwork.examples[0]
    let (network, conditioning) = example.conditioned(batch: batch)
    let flow = ContinuousFlow(velocity: network, solver: tight, gradient: gradient)
    let z0 = normals([batch, example.latent], 1)
    let probes = Divergence.gaussian.probes(
      batch: batch, latent: example.latent, RandomStream(seed: 1, purpose: .divergenceProbe), .float64)
    let direction = Variable(normals([batch, example.latent], 9))
    func gradients(_ run: (Variable, [Variable]) throws -> FlowOutput) throws -> [[Double]] {
      let tape = Tape()
      let start = tape.variable(z0)
      let weights = conditioning.map { tape.variable($0.value) }
      let output = try run(start, weights)
      return tape.gradients(of: (output.z * direction).sum(), withRespectTo: [start] + weights).map { $0.doubles() }
    }
    let scored = try gradients {
      try flow.forward($0, score: z0.scaled(by: -1), conditioning: $1, probes: probes)
    }
    let plain = try gradients { try flow.forward($0, conditioning: $1, probes: probes) }
    for (a, b) in zip(scored, plain) { #expect(relativeDifference(a, b) < 1e-6) }
  }
}
