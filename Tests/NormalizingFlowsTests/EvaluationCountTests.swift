import Autodiff
import DifferentialEquations
import NeuralNetworks
import NormalizingFlows
import Randomness
import Tensors
import TestSupport
import Testing
import VariationalAutoencoder

/// What a solve of the published size costs, in evaluations of the velocity.
@Suite struct EvaluationCountTests {
  /// Images of a few strokes each: binary, mostly paper.
  private func strokes(_ count: Int) -> Tensor {
    let stream = RandomStream(seed: 3, purpose: .test)
    var pixels = [Float](repeating: 0, count: count * 784)
    for image in 0..<count {
      for stroke in 0..<3 {
        let u = stream.uniforms((12 * image + 4 * stroke)..<(12 * image + 4 * stroke + 4)).map { Double($0) }
        for step in 0..<40 {
          let s = Double(step) / 39
          let row = Int(4 + 19 * (u[0] + s * (u[2] - u[0])))
          let column = Int(4 + 19 * (u[1] + s * (u[3] - u[1])))
          pixels[image * 784 + row * 28 + column] = 1
          pixels[image * 784 + row * 28 + column + 1] = 1
        }
      }
    }
    return Tensor(pixels, shape: [count, 784])
  }

  @Test func `a freshly initialized model of the Omniglot preset takes 20 evaluations a block`() throws {
    let (model, parameters) = VariationalAutoencoder.make(ModelConfiguration(), seed: 1)
    let batch = 20
    let output = try model(
      ImageBatch(strokes(batch)), noise: normals([batch, 64], 1).converted(to: .float32),
      probes: ProbeSource(.gaussian, seed: 1), parameters.constants)
    // The first derivative, one for the choice of the first step, and six for each of three steps.
    #expect(output.sample.flow.statistics.map(\.evaluations) == [20, 20, 20, 20, 20])
    #expect(output.sample.flow.statistics.allSatisfy { $0.acceptedSteps == 3 && $0.rejectedSteps == 0 })
    #expect(output.sample.flow.evaluations == 100)
  }

  @Test(arguments: [AdjointMethod.direct, .checkpointed])
  func `the backward pass takes six evaluations a step`(_ gradient: AdjointMethod) throws {
    var builder = ParameterBuilder(seed: 1)
    let flow = AmortizedContinuousFlow(
      features: 8, latent: 16, hidden: [32, 32], blocks: 2, rank: 4, gradient: gradient, in: &builder)
    let tape = Tape()
    let output = try flow.forward(
      Variable(normals([6, 16], 1).converted(to: .float32)),
      features: Variable(normals([6, 8], 2).converted(to: .float32)),
      builder.parameters.tracked(on: tape), ProbeSource(.gaussian, seed: 1))
    _ = tape.gradients(of: output.z.sum() + output.deltaLogDensity.sum(), withRespectTo: [])
    #expect(tape.backwardPass.evaluations == 6 * output.statistics.reduce(0) { $0 + $1.acceptedSteps })
  }
}
