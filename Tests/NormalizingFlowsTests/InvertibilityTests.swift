import Autodiff
import DifferentialEquations
import NeuralNetworks
import NormalizingFlows
import Randomness
import Tensors
import TestSupport
import Testing

/// Forward, then inverse: the state comes back and the changes of the log-density cancel.
@Suite struct InvertibilityTests {
  private func solver(_ method: ButcherTableau, _ tolerance: Double, steps: Int) -> SolverOptions {
    method.isAdaptive ? .adaptive(method, tolerance: tolerance) : .fixed(method, steps: steps)
  }

  /// How far forward and inverse of an amortized flow of three blocks are from doing nothing, and how far
  /// the flow itself moves.
  private func errors(
    _ solver: SolverOptions, _ type: ElementType, _ divergence: Divergence = .gaussian
  ) throws -> (z: Double, delta: Double, moved: Double) {
    var builder = ParameterBuilder(seed: 4)
    let flow = AmortizedContinuousFlow(
      features: 6, latent: 4, hidden: [8, 7], blocks: 3, rank: 2, solver: solver, in: &builder)
    let parameters = builder.parameters.converted(to: type).constants
    let z0 = Variable(normals([5, 4], 1).converted(to: type))
    let features = Variable(normals([5, 6], 2, scale: 0.4).converted(to: type))
    let probes = ProbeSource(divergence, seed: 9)
    let there = try flow.forward(z0, features: features, parameters, probes)
    let back = try flow.inverse(there.z, features: features, parameters, probes)
    #expect(there.statistics.count == 3 && back.statistics.count == 3)
    #expect(there.statistics.allSatisfy { $0.stepSizes.allSatisfy { $0 > 0 } })
    #expect(back.statistics.allSatisfy { $0.stepSizes.allSatisfy { $0 < 0 } })
    let (first, last) = (z0.value.doubles(), back.z.value.doubles())
    let changes = (there.deltaLogDensity + back.deltaLogDensity).value.doubles()
    return (
      largestDifference(first, last), changes.map { abs($0) }.max() ?? 0,
      largestDifference(first, there.z.value.doubles())
    )
  }

  @Test(arguments: Divergence.allCases)
  func `in double precision, several blocks come back to nine digits`(_ divergence: Divergence) throws {
    let errors = try errors(solver(.dormandPrince, 1e-11, steps: 0), .float64, divergence)
    #expect(errors.z < 1e-9 && errors.delta < 1e-9 && errors.moved > 0.1, "\(errors)")
  }

  @Test(arguments: ["bosh3", "dopri5", "tsit5"])
  func `in single precision, several blocks come back to the tolerance`(_ name: String) throws {
    let method = try #require(ButcherTableau.named(name))
    let errors = try errors(solver(method, 1e-6, steps: 0), .float32)
    #expect(errors.z < 5e-6 && errors.delta < 5e-6 && errors.moved > 0.1, "\(name): \(errors)")
  }

  @Test(arguments: ButcherTableau.all.filter(\.isAdaptive).map(\.name))
  func `with an adaptive method, the error of coming back follows the tolerance`(_ name: String) throws {
    let method = try #require(ButcherTableau.named(name))
    for tolerance in [1e-4, 1e-6, 1e-8, 1e-10] {
      let errors = try errors(solver(method, tolerance, steps: 0), .float64)
      #expect(errors.z < 10 * tolerance && errors.delta < 10 * tolerance, "\(name), \(tolerance): \(errors)")
    }
  }

  @Test(arguments: ButcherTableau.all.filter { !$0.isAdaptive }.map(\.name))
  func `with a fixed step, the error of coming back shrinks as the order says`(_ name: String) throws {
    let method = try #require(ButcherTableau.named(name))
    let coarse = try errors(solver(method, 0, steps: 8), .float64)
    let fine = try errors(solver(method, 0, steps: 32), .float64)
    // A quarter of the step: the error falls by 4^order, or by more where forward and back cancel.
    let factor = 0.5 * Double(1 << (2 * method.order))
    #expect(coarse.z > factor * fine.z && coarse.delta > factor * fine.delta, "\(name): \(coarse), \(fine)")
    #expect(fine.z < 0.1)
  }

  @Test func `a velocity that a user writes comes back`() throws {
    let flow = ContinuousFlow(
      velocity: Swirl(), timeLength: 1.5, solver: solver(.dormandPrince, 1e-11, steps: 0))
    let generator = [Variable(Swirl.generator(latent: 3))]
    let probes = Divergence.exact.probes(
      batch: 4, latent: 3, RandomStream(seed: 1, purpose: .test), .float64)
    let z0 = normals([4, 3], 1)
    let there = try flow.forward(Variable(z0), conditioning: generator, probes: probes)
    let back = try flow.inverse(
      there.z, delta: there.deltaLogDensity, conditioning: generator, probes: probes)
    #expect(largestDifference(back.z.value.doubles(), z0.doubles()) < 1e-9)
    #expect(largestDifference(back.deltaLogDensity.value.doubles(), [0, 0, 0, 0]) < 1e-9)
    #expect(largestDifference(there.z.value.doubles(), z0.doubles()) > 0.1)
  }

  @Test func `the inverse's log-determinant is that of its own Jacobian`() throws {
    let (network, conditioning) = SmallNetwork().conditioned(batch: 3)
    let flow = ContinuousFlow(velocity: network, solver: solver(.dormandPrince, 1e-10, steps: 0))
    let probes = Divergence.exact.probes(
      batch: 3, latent: 4, RandomStream(seed: 1, purpose: .test), .float64)
    let zT = normals([3, 4], 5)
    let output = try flow.inverse(Variable(zT), conditioning: conditioning, probes: probes)
    let determinants = try jacobians(at: zT) {
      try flow.inverse($0, conditioning: conditioning, probes: probes).z
    }.map(logAbsoluteDeterminant)
    #expect(
      largestDifference(output.deltaLogDensity.value.doubles(), determinants.map { -$0 }) < 1e-8)
  }

  @Test func `the Gaussian posterior's flow does nothing`() throws {
    let z = normals([3, 4], 1)
    let output = try IdentityFlow().forward(
      Variable(z), features: Variable(normals([3, 2], 2)), ParameterSet().constants,
      ProbeSource(.gaussian, seed: 1))
    #expect(output.z.value.doubles() == z.doubles())
    #expect(output.deltaLogDensity.value.doubles() == [0, 0, 0])
    #expect(output.statistics.isEmpty && output.evaluations == 0)
  }
}
