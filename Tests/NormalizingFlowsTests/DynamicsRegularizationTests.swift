import Autodiff
import DifferentialEquations
import Foundation
import NormalizingFlows
import Randomness
import Tensors
import TestSupport
import Testing

/// The integrals that regularize the dynamics.
@Suite struct DynamicsRegularizationTests {
  /// dz/dt = z A^T
  private struct Linear: Velocity {
    func callAsFunction(time: Double, z: Dual, conditioning: [Variable]) -> Dual {
      z.affine(weight: conditioning[0])
    }
  }

  private let regularization = DynamicsRegularization(kineticEnergy: 0.1, jacobianNorm: 0.02)

  private func flow(
    _ regularization: DynamicsRegularization, tolerance: Double = 1e-11, gradient: AdjointMethod = .direct
  ) -> ContinuousFlow<Linear> {
    ContinuousFlow(
      velocity: Linear(), timeLength: 0.5,
      solver: SolverOptions.adaptive(tolerance: tolerance), gradient: gradient,
      regularization: regularization)
  }

  private let z = normals([3, 2], 1)
  private let unitProbes = Divergence.exact.probes(
    batch: 3, latent: 2, RandomStream(seed: 1, purpose: .test), .float64)

  @Test(arguments: [false, true])
  func `the integrals of a linear velocity are known`(_ isBackward: Bool) throws {
    // For A = diag(1, -0.5): |f|^2 = (z1 e^t)^2 + (0.5 z2 e^(-t/2))^2, |A|_F^2 = 1.25.
    let a = Variable(Tensor([1, 0, 0, -0.5], shape: [2, 2]))
    let flow = flow(regularization)
    let output =
      try isBackward
      ? flow.inverse(Variable(z), conditioning: [a], probes: unitProbes)
      : flow.forward(Variable(z), conditioning: [a], probes: unitProbes)
    let start = isBackward ? output.z.value.doubles() : z.doubles()
    let energy = (0..<3).map { i in
      let (first, second) = (start[2 * i], start[2 * i + 1])
      return first * first * (exp(1) - 1) / 2 + 0.25 * second * second * (1 - exp(-0.5))
    }
    let (kinetic, norm) = (try #require(output.kineticEnergy), try #require(output.jacobianNorm))
    #expect(scaledDifference(kinetic.value.doubles(), energy) < 1e-10)
    #expect(scaledDifference(norm.value.doubles(), [0.625, 0.625, 0.625]) < 1e-12)
    let penalty = try #require(regularization.penalty(of: output))
    #expect(
      scaledDifference(penalty.value.doubles(), energy.map { 0.1 * $0 + 0.02 * 0.625 }) < 1e-10)
  }

  @Test func `the estimate of the Frobenius norm has the right mean`() throws {
    let a = Variable(Tensor([0.3, -0.8, 0.5, 0.2], shape: [2, 2]))
    let count = 20_000
    let probes = Divergence.gaussian.probes(
      batch: count, latent: 2, RandomStream(seed: 4, purpose: .test), .float64)
    let state = Variable(Tensor(zeros: [count, 2], .float64))
    let output = try flow(DynamicsRegularization(jacobianNorm: 1), tolerance: 1e-6)
      .forward(state, conditioning: [a], probes: probes)
    let estimates = try #require(output.jacobianNorm).value.doubles()
    let exact = 0.5 * (0.09 + 0.64 + 0.25 + 0.04)
    let mean = estimates.reduce(0, +) / Double(count)
    let variance = estimates.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
    #expect(abs(mean - exact) < 4 * (variance / Double(count)).squareRoot(), "\(mean) for \(exact)")
    #expect(output.kineticEnergy == nil)
  }

  @Test func `without weights nothing is formed, and with them the steps stay as they are`() throws {
    let a = Variable(Tensor([2, -3, 3, 1], shape: [2, 2]))
    func run(_ regularization: DynamicsRegularization) throws -> FlowOutput {
      try flow(regularization, tolerance: 1e-5)
        .forward(Variable(z), conditioning: [a], probes: unitProbes)
    }
    let (plain, regularized) = (try run(DynamicsRegularization()), try run(regularization))
    #expect(plain.kineticEnergy == nil && plain.jacobianNorm == nil)
    #expect(DynamicsRegularization().penalty(of: plain) == nil)
    #expect(plain.statistics == regularized.statistics)
    #expect(plain.z.value.doubles() == regularized.z.value.doubles())
    #expect(plain.deltaLogDensity.value.doubles() == regularized.deltaLogDensity.value.doubles())
  }

  @Test(arguments: AdjointMethod.allCases)
  func `the penalty's gradient equals finite differences`(_ gradient: AdjointMethod) throws {
    let a = normals([2, 2], 8)
    let probes = normals([1, 3, 2], 9)
    func penalty(_ a: Variable, _ z: Variable) throws -> Variable {
      let output = try flow(regularization, gradient: gradient)
        .forward(z, conditioning: [a], probes: probes)
      return try #require(regularization.penalty(of: output)).sum()
    }
    let tape = Tape()
    let inputs = [a, z]
    let variables = inputs.map { tape.variable($0) }
    let gradients = tape.gradients(of: try penalty(variables[0], variables[1]), withRespectTo: variables)
    for (i, input) in inputs.enumerated() {
      let base = input.doubles()
      let expected = try base.indices.map { j in
        func at(_ x: Double) throws -> Double {
          var (moved, all) = (base, inputs)
          moved[j] = x
          all[i] = Tensor(moved, shape: input.shape)
          return try penalty(Variable(all[0]), Variable(all[1])).value.scalar
        }
        return (try at(base[j] + 1e-5) - at(base[j] - 1e-5)) / 2e-5
      }
      #expect(scaledDifference(gradients[i].doubles(), expected) < 1e-6)
    }
  }
}
