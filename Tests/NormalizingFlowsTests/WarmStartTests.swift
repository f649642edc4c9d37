import Autodiff
import DifferentialEquations
import Foundation
import NormalizingFlows
import Tensors
import TestSupport
import Testing

@testable import NeuralNetworks

/// Solves of a flow that start with the step sizes of another batch, beside cold ones and a reference solve, in double
/// precision: fewer evaluations, and an error that is no larger.
@Suite struct WarmStartTests {
  private static let (latent, features, batch) = (8, 12, 20)

  /// A flow of three blocks whose weights are the initial ones times `gain`: the larger, the harder to solve.
  private func flow(gain: Double) -> (AmortizedContinuousFlow, BoundParameters) {
    var builder = ParameterBuilder(seed: 5)
    let flow = AmortizedContinuousFlow(
      features: Self.features, latent: Self.latent, hidden: [32, 32], blocks: 3, rank: 4, in: &builder)
    var parameters = builder.parameters.converted(to: .float64)
    parameters.tensors = parameters.tensors.map { $0.scaled(by: gain) }
    return (flow, parameters.constants)
  }

  @Test(arguments: [0.5, 1, 1.2, 1.3, 1.4, 1.5, 1.6])
  func `a warm solve takes fewer evaluations and is no further from the reference`(_ gain: Double) throws {
    var (flow, parameters) = flow(gain: gain)
    func solved(
      _ index: UInt64, tolerance: Double = 1e-5, startingFrom solverState: SolverState = SolverState()
    ) throws -> (z: [Double], delta: [Double], evaluations: Int, solverState: SolverState) {
      flow.solver = SolverOptions.adaptive(tolerance: tolerance)
      let output = try flow.starting(from: solverState).forward(
        Variable(normals([Self.batch, Self.latent], 3 * index)),
        features: Variable(normals([Self.batch, Self.features], 3 * index + 1, scale: 0.2)), parameters,
        ProbeSource((0..<3).map { _ in normals([1, Self.batch, Self.latent], 3 * index + 2) }))
      return (
        output.z.value.doubles(), output.deltaLogDensity.value.doubles(), output.evaluations,
        output.solverState
      )
    }
    var (errors, evaluations) = ((cold: 0.0, warm: 0.0), (cold: 0, warm: 0))
    var solverState = try solved(0).solverState
    for index in UInt64(1)...6 {
      let reference = try solved(index, tolerance: 1e-10)
      let cold = try solved(index)
      let warm = try solved(index, startingFrom: solverState)
      solverState = warm.solverState
      #expect(solverState.count == 3)
      func squares(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + pow($1.0 - $1.1, 2) } }
      errors.cold += squares(cold.z, reference.z) + squares(cold.delta, reference.delta)
      errors.warm += squares(warm.z, reference.z) + squares(warm.delta, reference.delta)
      evaluations.cold += cold.evaluations
      evaluations.warm += warm.evaluations
    }
    let count = Double(6 * Self.batch * (Self.latent + 1))
    let (cold, warm) = ((errors.cold / count).squareRoot(), (errors.warm / count).squareRoot())
    #expect(evaluations.warm < evaluations.cold)
    // Far below the tolerance, of which a tenth is 1e-6, one step does what three did.
    #expect(warm <= max(1.1 * cold, 1e-6), "\(warm), cold \(cold)")
  }
}
