import Autodiff
import NormalizingFlows
import Randomness
import Tensors
import Testing

struct Swirl: Velocity {
  func callAsFunction(time: Double, z: Dual, conditioning: [Variable]) -> Dual {
    z.affine(weight: conditioning[0]).applying(.tanh)
  }
}

@Suite struct ReadmeTests {
  @Test func `the README's flow has a gradient`() throws {
    let flow = ContinuousFlow(velocity: Swirl(), timeLength: 1)
    let tape = Tape()
    let weight = tape.variable(Tensor([0, -1, 1, 0] as [Float], shape: [2, 2]))
    let z0 = Variable(Tensor([1, 0, 0, 2] as [Float], shape: [2, 2]))
    let probes = Divergence.exact.probes(batch: 2, latent: 2, RandomStream(seed: 1, purpose: .divergenceProbe))
    let output = try flow.forward(z0, conditioning: [weight], probes: probes)
    let gradient = tape.gradients(of: output.deltaLogDensity.sum(), withRespectTo: [weight])
    #expect(gradient.map(\.shape) == [[2, 2]])
  }
}
