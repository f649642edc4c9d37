import DifferentialEquations
import NeuralNetworks
import NormalizingFlows

/// Inverse autoregressive flows: see `NormalizingFlows.InverseAutoregressiveFlow`.
public struct InverseAutoregressivePosterior: PosteriorDescription {
  public var options: [any AnyModelOption] { [ModelOption.flows, ModelOption.maskedWidth] }

  public func validationError(_ model: ModelConfiguration) -> InvalidValue? {
    let (width, latent) = (model.maskedWidth, model.latent)
    guard !width.isMultiple(of: latent), !latent.isMultiple(of: width) else { return nil }
    return InvalidValue(
      ModelOption.maskedWidth.key, "\(width)",
      mustBe: "a multiple or a divisor of the number of latent dimensions, \(latent)")
  }

  /// The published results have 8 layers of width 1280 (van den Berg et al. 2018, experiments and appendix).
  public func setSizes(_ size: PosteriorSize, of model: inout ModelConfiguration) {
    (model.flows, model.maskedWidth) = size == .small ? (4, 120) : (8, 1280)
  }

  public func flow(
    _ model: ModelConfiguration, features: Int, solver: SolverOptions, gradient: AdjointMethod,
    in builder: inout ParameterBuilder
  ) -> InverseAutoregressiveFlow {
    InverseAutoregressiveFlow(
      features: features, latent: model.latent, flows: model.flows, width: model.maskedWidth, in: &builder)
  }

  public func activations(_ model: ModelConfiguration) -> PosteriorActivations {
    PosteriorActivations(flow: model.flows * (4 * model.maskedWidth + 6 * model.latent))
  }

  public func summary(_ model: ModelConfiguration) -> String {
    "\(counted(model.flows, "inverse autoregressive flow")) of width \(model.maskedWidth)"
  }

  public func label(_ model: ModelConfiguration) -> String { "\(model.flows)×\(model.maskedWidth)" }

  public var publishedMethod: PublishedMethod? { .iaf }

  public var bufferNames: [String] { ["flip_idx"] }

  public func buffers(_ model: ModelConfiguration) -> [StateDictBuffer] {
    [StateDictBuffer("flow.flip_idx", indices: (0..<model.latent).reversed())]
  }

  public func infer(_ model: inout ModelConfiguration, from stateDict: StateDictOutline) -> [InferenceNote]? {
    guard let first = stateDict.shapes["flow.param_list.0"], first.count == 2 else { return nil }
    model.maskedWidth = first[1]
    // Four masked layers of two tensors each.
    model.flows = stateDict.indices("flow.param_list.").count / 8
    return []
  }
}

extension ModelOption<Int> {
  /// The width of the masked network.
  public static var maskedWidth: Self {
    Self("maskedWidth", default: 1280, in: 1...65536, "Width of the masked network")
  }
}

extension ModelConfiguration {
  /// Inverse autoregressive flows: the width of the masked network, a multiple of `latent` or a divisor of it.
  public var maskedWidth: Int {
    get { self[.maskedWidth] }
    set { self[.maskedWidth] = newValue }
  }
}
