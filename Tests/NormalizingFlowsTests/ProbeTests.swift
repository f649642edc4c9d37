import Autodiff
import DifferentialEquations
import NeuralNetworks
import Randomness
import Tensors
import TestSupport
import Testing

@testable import NormalizingFlows

/// The probes of the divergence: what they are a function of, and that a solve keeps them.
@Suite struct ProbeTests {
  private static let noises = [Divergence.gaussian, .rademacher]

  private func draw(
    _ kind: Divergence, seed: UInt64 = 3, step: UInt64 = 8, block: Int = 1, firstImage: Int = 0,
    batch: Int = 10
  ) -> [Float] {
    ProbeSource(kind, seed: seed, step: step, firstImage: firstImage).probes(block, batch, 7, .float32)?
      .floats() ?? []
  }

  @Test(arguments: noises)
  func `a part of a batch gets the probes of the whole`(_ kind: Divergence) {
    let whole = draw(kind)
    #expect(draw(kind, firstImage: 0, batch: 4) == Array(whole[..<28]))
    #expect(draw(kind, firstImage: 4, batch: 3) == Array(whole[28..<49]))
    #expect(draw(kind, firstImage: 7, batch: 3) == Array(whole[49...]))
  }

  @Test(arguments: noises)
  func `probes are a function of seed, step and block`(_ kind: Divergence) {
    let one = draw(kind)
    #expect(draw(kind) == one)
    let others = [
      draw(kind, seed: 4), draw(kind, step: 9), draw(kind, block: 0), draw(kind, firstImage: 10),
      draw(kind, seed: 3 + (1 << 32)), draw(kind, step: 7, block: 1023),
    ]
    for other in others { #expect(other != one) }
    #expect(Set(others).count == others.count)
  }

  @Test func `normal probes have the moments of normal numbers, signs are signs`() {
    let normal = draw(.gaussian, batch: 20_000).map { Double($0) }
    let n = Double(normal.count)
    // Standard errors of the mean, of the second and of the fourth moment of normal numbers.
    #expect(abs(normal.reduce(0, +) / n) < 4 / n.squareRoot())
    #expect(abs(normal.reduce(0) { $0 + $1 * $1 } / n - 1) < 4 * (2 / n).squareRoot())
    #expect(abs(normal.reduce(0) { $0 + $1 * $1 * $1 * $1 } / n - 3) < 4 * (96 / n).squareRoot())
    let signs = draw(.rademacher, batch: 20_000)
    #expect(signs.allSatisfy { abs($0) == 1 })
    #expect(abs(Double(signs.reduce(0, +))) < 4 * n.squareRoot())
  }

  @Test func `the exact divergence needs no source, and has the unit vectors as probes`() {
    #expect(ProbeSource(.exact, seed: 1).probes(0, 2, 3, .float64) == nil)
    let probes = Divergence.exact.probes(batch: 2, latent: 3, RandomStream(seed: 1, purpose: .test), .float64)
    #expect(probes.shape == [3, 2, 3] && probes.elementType == .float64)
    #expect(probes.doubles() == [1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1])
  }

  @Test func `given probes are handed on, block by block`() {
    let given = [normals([1, 2, 3], 1), normals([1, 2, 3], 2)]
    let source = ProbeSource(given)
    for block in 0..<2 {
      #expect(source.probes(block, 2, 3, .float64)?.doubles() == given[block].doubles())
    }
  }

  @Test(arguments: AdjointMethod.allCases)
  func `every evaluation of a solve, forward and backward, meets the same probes`(
    _ gradient: AdjointMethod
  ) throws {
    let (network, conditioning) = SmallNetwork().conditioned(batch: 3)
    let recording = RecordingVelocity(base: network)
    let flow = ContinuousFlow(velocity: recording, gradient: gradient)
    let probes = normals([1, 3, 4], 9)
    let tape = Tape()
    let z = tape.variable(normals([3, 4], 1))
    let output = try flow.forward(z, conditioning: conditioning, probes: probes)
    let forward = recording.record.tangents.count
    #expect(forward == output.evaluations && forward > 7)
    _ = tape.gradients(of: output.z.sum() + output.deltaLogDensity.sum(), withRespectTo: [z])
    let all = recording.record.tangents
    #expect(gradient == .direct || all.count > forward)
    for tangents in all { #expect(tangents.doubles() == probes.doubles()) }
  }

  @Test func `a part of a batch flows as in the whole`() throws {
    var builder = ParameterBuilder(seed: 2)
    let flow = AmortizedContinuousFlow(
      features: 6, latent: 4, hidden: [5, 5], blocks: 2, rank: 2,
      solver: SolverOptions.fixed(.rungeKutta4, steps: 3), in: &builder)
    let parameters = builder.parameters.converted(to: .float64).constants
    let (z, features) = (normals([6, 4], 1), normals([6, 6], 2))
    func run(_ images: Range<Int>) throws -> (z: [Double], delta: [Double]) {
      let output = try flow.forward(
        Variable(z.leading(images)), features: Variable(features.leading(images)), parameters,
        ProbeSource(.gaussian, seed: 5, step: 2, firstImage: images.lowerBound))
      return (output.z.value.doubles(), output.deltaLogDensity.value.doubles())
    }
    let whole = try run(0..<6)
    for part in [0..<2, 2..<5, 5..<6] {
      let (z, delta) = try run(part)
      let range = (4 * part.lowerBound)..<(4 * part.upperBound)
      #expect(largestDifference(z, Array(whole.z[range])) < 1e-14)
      #expect(largestDifference(delta, Array(whole.delta[part])) < 1e-14)
    }
    // The probes tell images apart: with another image's, the change of the density is another.
    let shifted = try flow.forward(
      Variable(z), features: Variable(features), parameters,
      ProbeSource(.gaussian, seed: 5, step: 2, firstImage: 1))
    #expect(largestDifference(shifted.deltaLogDensity.value.doubles(), whole.delta) > 1e-3)
  }
}
