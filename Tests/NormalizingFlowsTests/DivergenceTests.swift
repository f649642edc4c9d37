import Autodiff
import NormalizingFlows
import Randomness
import Tensors
import TestSupport
import Testing

/// The divergence of a velocity: exact, and estimated.
@Suite struct DivergenceTests {
  private let stream = RandomStream(seed: 21, purpose: .divergenceProbe)

  private func divergence<Field: Velocity>(
    _ velocity: Field, _ z: Tensor, _ conditioning: [Variable], probes: Tensor
  ) -> [Double] {
    velocity.probed(
      time: 0.3, z: Variable(z), probes: Variable(probes), conditioning: conditioning
    ).divergence.value.doubles()
  }

  private func traces<Field: Velocity>(
    _ velocity: Field, _ z: Tensor, _ conditioning: [Variable]
  ) -> [Double] {
    jacobians(at: z) { velocity(time: 0.3, z: Dual($0), conditioning: conditioning).primal }
      .map { rows in rows.indices.reduce(0) { $0 + rows[$1][$1] } }
  }

  @Test(arguments: SmallNetwork.examples)
  func `the exact divergence is the trace of the Jacobian`(_ example: SmallNetwork) {
    let (network, conditioning) = example.conditioned(batch: 3)
    let z = normals([3, example.latent], 4)
    let probes = Divergence.exact.probes(batch: 3, latent: example.latent, stream, .float64)
    let exact = divergence(network, z, conditioning, probes: probes)
    #expect(largestDifference(exact, traces(network, z, conditioning)) < 1e-13)
    #expect(exact.allSatisfy { abs($0) > 1e-3 })
  }

  @Test func `the exact divergence of a velocity that a user writes is the trace of the Jacobian`() {
    let generator = Variable(Swirl.generator(latent: 5))
    let z = normals([4, 5], 4)
    let probes = Divergence.exact.probes(batch: 4, latent: 5, stream, .float64)
    let exact = divergence(Swirl(), z, [generator], probes: probes)
    #expect(largestDifference(exact, traces(Swirl(), z, [generator])) < 1e-13)
  }

  @Test(arguments: [Divergence.gaussian, .rademacher])
  func `the estimate is unbiased`(_ divergence: Divergence) {
    let count = 20_000
    let (latent, generator) = (5, Variable(normals([5, 5], 6)))
    let z = Tensor((0..<count).flatMap { _ in [0.4, -1.1, 0.2, 0.9, -0.3] }, shape: [count, latent])
    let probes = divergence.probes(batch: count, latent: latent, stream, .float64)
    let estimates = self.divergence(Swirl(), z, [generator], probes: probes)
    let mean = estimates.reduce(0, +) / Double(count)
    let variance = estimates.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)
    let standardError = (variance / Double(count)).squareRoot()
    let trace = traces(Swirl(), z.leading(0..<1), [generator])[0]
    #expect(abs(mean - trace) < 4 * standardError, "\(mean) for \(trace), s.e. \(standardError)")
    // The test can tell: the estimates spread, and the mean is known to a small part of the trace.
    #expect(variance > 0.1 && standardError < 0.1 * abs(trace))
  }

  @Test func `random signs give the divergence of a diagonal Jacobian exactly, normal numbers do not`() {
    let z = normals([6, 4], 7)
    let trace = traces(DiagonalVelocity(), z, [])
    func error(_ kind: Divergence) -> Double {
      let probes = kind.probes(batch: 6, latent: 4, stream, .float64)
      return largestDifference(divergence(DiagonalVelocity(), z, [], probes: probes), trace)
    }
    #expect(error(.rademacher) < 1e-14)
    #expect(error(.gaussian) > 0.1)
  }

  @Test func `several probes add up`() {
    let (network, conditioning) = SmallNetwork().conditioned(batch: 3)
    let z = normals([3, 4], 4)
    let probes = normals([2, 3, 4], 8)
    let parts = (0..<2).map {
      divergence(network, z, conditioning, probes: probes.leading($0..<($0 + 1)))
    }
    let both = divergence(network, z, conditioning, probes: probes)
    #expect(largestDifference(both, zip(parts[0], parts[1]).map { $0 + $1 }) < 1e-14)
  }

  @Test func `the velocity is the same with any divergence`() {
    let (network, conditioning) = SmallNetwork().conditioned(batch: 3)
    let z = normals([3, 4], 4)
    let plain = network(time: 0.3, z: Dual(Variable(z)), conditioning: conditioning).primal.value.doubles()
    for kind in Divergence.allCases {
      let probes = kind.probes(batch: 3, latent: 4, stream, .float64)
      let velocity = network.probed(
        time: 0.3, z: Variable(z), probes: Variable(probes), conditioning: conditioning
      ).velocity.value.doubles()
      #expect(largestDifference(velocity, plain) < 1e-14, "\(kind)")
    }
  }
}
