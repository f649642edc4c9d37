import Autodiff
import DifferentialEquations
import Foundation
import NeuralNetworks
import NormalizingFlows
import Randomness
import Tensors
import TestSupport
import Testing

/// A small posterior flow of every kind, for tests that walk them all.
struct PosteriorExample: CustomTestStringConvertible, Sendable {
  let name: String
  /// The velocity is smooth, so that finite differences converge.
  var isSmooth = true
  /// The flow is solved, so that figures hold up to the solver's tolerance.
  var isContinuous = false
  let build: @Sendable (inout ParameterBuilder, SolverOptions) -> any PosteriorFlow

  var testDescription: String { name }

  static let latent = 4
  static let features = 5

  /// To eleven digits.
  static let accurate = SolverOptions.adaptive(tolerance: 1e-11)
  /// A few steps of a size of their own: a smooth map, whose derivatives finite differences find.
  static let smooth = SolverOptions.fixed(.rungeKutta4, steps: 3)

  /// The flow, with parameters large enough to matter, in double precision: initial ones may be zeros. Those of
  /// continuous flows are smaller, since a flow that contracts by many orders of magnitude has no inverse in numbers.
  func make(_ solver: SolverOptions = accurate) -> (flow: any PosteriorFlow, parameters: ParameterSet) {
    var builder = ParameterBuilder(seed: 3)
    let flow = build(&builder, solver)
    var parameters = builder.parameters.converted(to: .float64)
    for (k, parameter) in parameters.parameters.enumerated() {
      parameters[parameter] = normals(parameter.shape, 100 + UInt64(k), scale: isContinuous ? 0.2 : 0.4)
    }
    return (flow, parameters)
  }

  /// Probes for a fixed number of blocks, unit vectors of the exact trace.
  static let probes = ProbeSource(.exact, seed: 1)

  static let layered: [PosteriorExample] = [
    PosteriorExample(name: "identity") { _, _ in IdentityFlow() },
    PosteriorExample(name: "planar") { builder, _ in
      PlanarFlow(features: features, latent: latent, flows: 3, in: &builder)
    },
    PosteriorExample(name: "inverse autoregressive") { builder, _ in
      InverseAutoregressiveFlow(features: features, latent: latent, flows: 3, width: 8, in: &builder)
    },
    PosteriorExample(name: "inverse autoregressive, narrow") { builder, _ in
      InverseAutoregressiveFlow(features: features, latent: latent, flows: 2, width: 2, in: &builder)
    },
    sylvester(.orthogonal(vectors: 2)), sylvester(.orthogonal(vectors: 4)),
    sylvester(.householder(reflections: 3)), sylvester(.triangular),
  ]

  static let continuous: [PosteriorExample] =
    Amortization.allCases.map { continuous("ffjord, \($0.rawValue)", amortization: $0) }
    + TimeDependence.allCases.map {
      continuous("ffjord, bias, \($0.rawValue)", amortization: .bias, timeDependence: $0)
    }
    + ElementwiseFunction.activations.map {
      continuous("ffjord, last-layer, \($0.rawValue)", amortization: .lastLayer, activation: $0)
    }

  static let all = layered + continuous + described

  private static func sylvester(_ basis: SylvesterBasis) -> PosteriorExample {
    PosteriorExample(name: "Sylvester, \(basis)") { builder, _ in
      SylvesterFlow(features: features, latent: latent, flows: 3, basis: basis, in: &builder)
    }
  }

  private static func continuous(
    _ name: String, amortization: Amortization, activation: ElementwiseFunction = .tanh,
    timeDependence: TimeDependence = .concat
  ) -> PosteriorExample {
    PosteriorExample(
      name: name, isSmooth: ![.relu, .elu].contains(activation), isContinuous: true
    ) { builder, solver in
      AmortizedContinuousFlow(
        features: features, latent: latent, hidden: [6, 5], blocks: 2, amortization: amortization, rank: 2,
        activation: activation, timeDependence: timeDependence,
        solver: solver, in: &builder)
    }
  }
}

/// The largest difference of two lists in units of the largest number of `b`, or of one where that is less.
func scaledDifference(_ a: [Double], _ b: [Double]) -> Double {
  guard a.count == b.count else { return .infinity }
  let worst = zip(a, b).reduce(0) { $1.0.isNaN || $1.1.isNaN ? .infinity : max($0, abs($1.0 - $1.1)) }
  return worst / max(1, b.map { abs($0) }.max() ?? 0)
}
