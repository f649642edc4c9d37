import Autodiff
import DifferentialEquations
import Foundation
import NormalizingFlows
import Randomness
import Tensors
import TestSupport
import Testing

/// The change of the log-density against what it must be: by the change of variables, -log |det dzT/dz0|.
@Suite struct LogDeterminantTests {
  private let tight = SolverOptions.adaptive(tolerance: 1e-10)

  /// The flow's log-density change and minus the log-determinant of its Jacobian, for each sample.
  private func changes<Field: Velocity>(
    _ velocity: Field, _ conditioning: [Variable], batch: Int, latent: Int, timeLength: Double = 0.5
  ) throws -> (solved: [Double], determinant: [Double]) {
    let flow = ContinuousFlow(velocity: velocity, timeLength: timeLength, solver: tight)
    let z = normals([batch, latent], 1)
    let stream = RandomStream(seed: 1, purpose: .divergenceProbe)
    let probes = Divergence.exact.probes(batch: batch, latent: latent, stream, .float64)
    let output = try flow.forward(Variable(z), conditioning: conditioning, probes: probes)
    let determinants = try jacobians(at: z) {
      try flow.forward($0, conditioning: conditioning, probes: probes).z
    }.map(logAbsoluteDeterminant)
    return (output.deltaLogDensity.value.doubles(), determinants.map { -$0 })
  }

  @Test(arguments: SmallNetwork.examples)
  func `of a low-rank network, it is minus the log-determinant`(_ example: SmallNetwork) throws {
    let (network, conditioning) = example.conditioned(batch: 3)
    let (solved, determinant) = try changes(network, conditioning, batch: 3, latent: example.latent)
    #expect(largestDifference(solved, determinant) < 1e-8)
    // Each image has a flow of its own, none of which leaves volumes alone.
    #expect(solved.allSatisfy { abs($0) > 1e-3 } && Set(solved).count == 3)
  }

  @Test(arguments: [3, 4, 5])
  func `of a velocity that a user writes, it is minus the log-determinant`(_ latent: Int) throws {
    let generator = Variable(Swirl.generator(latent: latent))
    let (solved, determinant) = try changes(
      Swirl(), [generator], batch: 4, latent: latent, timeLength: 1.5)
    #expect(largestDifference(solved, determinant) < 1e-8)
    #expect(solved.allSatisfy { abs($0) > 1e-3 })
  }

  @Test func `of a linear velocity, it is minus the time times the trace`() throws {
    let a = normals([4, 4], 3)
    let trace = (0..<4).reduce(0) { $0 + a.doubles()[5 * $1] }
    let (solved, determinant) = try changes(
      LinearVelocity(), [Variable(a)], batch: 2, latent: 4, timeLength: 0.7)
    #expect(largestDifference(solved, [-0.7 * trace, -0.7 * trace]) < 1e-14)
    #expect(largestDifference(solved, determinant) < 1e-8)
  }

  @Test func `a rotation turns points and keeps volumes`() throws {
    let flow = ContinuousFlow(velocity: LinearVelocity(), timeLength: 0.9, solver: tight)
    let generator = Variable(Swirl.generator(latent: 2))
    let z = Variable(Tensor([1.0, 0, 0.6, -2], shape: [2, 2]))
    let probes = Divergence.exact.probes(
      batch: 2, latent: 2, RandomStream(seed: 1, purpose: .test), .float64)
    let output = try flow.forward(z, conditioning: [generator], probes: probes)
    let (c, s) = (cos(0.9), sin(0.9))
    #expect(
      largestDifference(output.z.value.doubles(), [c, -s, 0.6 * c - 2 * s, -0.6 * s - 2 * c]) < 1e-9)
    #expect(output.deltaLogDensity.value.doubles() == [0, 0])
  }

  @Test func `a change that came before is kept and added to`() throws {
    let flow = ContinuousFlow(velocity: LinearVelocity(), timeLength: 1, solver: tight)
    let a = Variable(Tensor([2.0, 1, 0, -0.5], shape: [2, 2]))
    let probes = Divergence.exact.probes(
      batch: 2, latent: 2, RandomStream(seed: 1, purpose: .test), .float64)
    let before = Variable(Tensor([10.0, -3], shape: [2]))
    let output = try flow.forward(
      Variable(normals([2, 2], 1)), delta: before, conditioning: [a], probes: probes)
    #expect(largestDifference(output.deltaLogDensity.value.doubles(), [8.5, -4.5]) < 1e-13)
  }
}
