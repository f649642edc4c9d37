import DifferentialEquations
import NeuralNetworks
import NormalizingFlows

/// No flow: the posterior is the encoder's Gaussian.
public struct NoFlow: PosteriorDescription {
  public var options: [any AnyModelOption] { [] }

  public func flow(
    _ model: ModelConfiguration, features: Int, solver: SolverOptions, gradient: AdjointMethod,
    in builder: inout ParameterBuilder
  ) -> IdentityFlow {
    IdentityFlow()
  }

  public func activations(_ model: ModelConfiguration) -> PosteriorActivations { PosteriorActivations() }

  public func summary(_ model: ModelConfiguration) -> String { "no flow" }

  public func label(_ model: ModelConfiguration) -> String { "" }

  public var publishedMethod: PublishedMethod? { .noFlow }

  /// A state dict of no other kind is of this one.
  public func infer(_ model: inout ModelConfiguration, from stateDict: StateDictOutline) -> [InferenceNote]? { nil }
}
