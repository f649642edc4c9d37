import Autodiff
import DifferentialEquations
import NeuralNetworks
import Tensors

/// No flow: the posterior is the encoder's Gaussian with diagonal covariance.
public struct IdentityFlow: FiniteFlow {
  /// The flow that changes nothing.
  public init() {}

  /// z0 as it is, with a change of the log-density of zero.
  public func callAsFunction(_ z0: Variable, features: Variable, _ parameters: BoundParameters) -> FlowOutput {
    FlowOutput(z: z0, deltaLogDensity: .zeros(ofRowsOf: z0))
  }

  /// zT as it is, with a change of the log-density of zero.
  public func inverse(_ zT: Variable, features: Variable, _ parameters: BoundParameters) -> FlowOutput {
    FlowOutput(z: zT, deltaLogDensity: .zeros(ofRowsOf: zT))
  }
}

extension IdentityFlow: ScoredFlow {
  /// Leaves sample and score as they are.
  public func forward(
    _ z0: Variable, score: Tensor, features: Variable, _ parameters: BoundParameters, _ probes: ProbeSource
  ) throws(SolveError) -> FlowOutput {
    FlowOutput(z: z0, deltaLogDensity: .zeros(ofRowsOf: z0), score: score)
  }
}
