import DifferentialEquations
import NeuralNetworks
import NormalizingFlows

/// Planar flows: see `NormalizingFlows.PlanarFlow`.
public struct PlanarPosterior: PosteriorDescription {
  public var options: [any AnyModelOption] { [ModelOption.flows] }

  public func setSizes(_ size: PosteriorSize, of model: inout ModelConfiguration) {
    model.flows = size == .small ? 4 : 16
  }

  public func flow(
    _ model: ModelConfiguration, features: Int, solver: SolverOptions, gradient: AdjointMethod,
    in builder: inout ParameterBuilder
  ) -> PlanarFlow {
    PlanarFlow(features: features, latent: model.latent, flows: model.flows, in: &builder)
  }

  public func activations(_ model: ModelConfiguration) -> PosteriorActivations {
    PosteriorActivations(flow: model.flows * 4 * model.latent)
  }

  public func summary(_ model: ModelConfiguration) -> String { counted(model.flows, "planar flow") }

  public func label(_ model: ModelConfiguration) -> String { "×\(model.flows)" }

  public var publishedMethod: PublishedMethod? { .planar }

  public func infer(_ model: inout ModelConfiguration, from stateDict: StateDictOutline) -> [InferenceNote]? {
    guard stateDict.has("amor_u."), let flows = stateDict.outputs("amor_b") else { return nil }
    model.flows = flows
    return []
  }
}

extension ModelOption<Int> {
  /// The number of layers of a finite flow.
  public static var flows: Self { Self("flows", default: 16, in: 1...1000, "Number of flows") }
}

extension ModelConfiguration {
  /// Planar, inverse autoregressive and Sylvester flows: the number of layers.
  public var flows: Int {
    get { self[.flows] }
    set { self[.flows] = newValue }
  }
}
