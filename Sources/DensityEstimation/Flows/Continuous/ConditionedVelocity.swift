import Autodiff
import NeuralNetworks
import NormalizingFlows

/// A velocity that is a network: its weights are what it is conditioned on, constant during a solve.
public protocol ConditionedVelocity: Velocity {
  /// What the velocity is conditioned on, computed from the parameters once for each solve.
  func conditioning(_ parameters: BoundParameters) -> [Variable]
}

extension TimeDependentNetwork: ConditionedVelocity {}
