import DifferentialEquations
import NeuralNetworks
import NormalizingFlows
import Tensors

/// Amortized continuous flows, FFJORD: see `NormalizingFlows.AmortizedContinuousFlow`.
public struct ContinuousPosterior: PosteriorDescription {
  public var options: [any AnyModelOption] {
    [
      ModelOption.hidden, ModelOption.blocks, ModelOption.amortization, ModelOption.rank, ModelOption.timeDependence,
      ModelOption.activation, ModelOption.timeLength, ModelOption.timeLengths, ModelOption.kineticEnergy,
      ModelOption.jacobianNorm,
    ]
  }

  public func validationError(_ model: ModelConfiguration) -> InvalidValue? {
    if let times = model.timeLengths, times.count != model.blocks {
      return InvalidValue(
        ModelOption.timeLengths.key, times.optionText, mustBe: "\(model.blocks) numbers, one for each block")
    }
    if model.amortization == .hyper, model.timeDependence != .concat {
      return InvalidValue(
        ModelOption.timeDependence.key, model.timeDependence.rawValue,
        mustBe: "concat with the amortization hyper, which has no shared layers")
    }
    return nil
  }

  /// The published sizes are those of Omniglot. Other datasets have other ones.
  public func setSizes(_ size: PosteriorSize, of model: inout ModelConfiguration) {
    (model.hidden, model.blocks, model.rank) =
      switch size {
      case .published: ([512, 512], 5, 20)
      case .compact: ([128, 128], 5, 3)
      case .small: ([64, 64], 2, 4)
      }
  }

  public func flow(
    _ model: ModelConfiguration, features: Int, solver: SolverOptions, gradient: AdjointMethod,
    in builder: inout ParameterBuilder
  ) -> AmortizedContinuousFlow {
    AmortizedContinuousFlow(
      features: features, latent: model.latent, hidden: model.hidden, blocks: model.blocks,
      amortization: model.amortization, rank: model.rank, activation: model.activation,
      timeDependence: model.timeDependence, timeLength: model.timeLength, timeLengths: model.timeLengths,
      solver: solver, gradient: gradient, regularization: model.regularization, in: &builder)
  }

  /// The primal and one tangent of each layer, before and after the activation, and the activation's derivative.
  public func activations(_ model: ModelConfiguration) -> PosteriorActivations {
    PosteriorActivations(evaluation: 2 * 3 * (model.hidden.reduce(0, +) + model.latent) * model.blocks)
  }

  public func summary(_ model: ModelConfiguration) -> String {
    let amortized =
      switch model.amortization {
      case .lowRank: "rank \(model.rank)"
      case .none: "no amortization"
      default: "\(model.amortization.rawValue) amortization"
      }
    let phrases = [
      "\(counted(model.blocks, "flow")) of \(model.hidden.optionText)", amortized,
      model.timeDependence == .concat ? nil : "layers \(model.timeDependence.rawValue)",
      model.activation == .softplus ? nil : model.activation.rawValue,
    ]
    return phrases.compactMap { $0 }.joined(separator: ", ")
  }

  public func label(_ model: ModelConfiguration) -> String {
    let amortization =
      model.amortization == .lowRank ? "rank \(model.rank)" : "amortized: \(model.amortization.rawValue)"
    return "\(model.blocks)×\(model.hidden.optionText), \(amortization)"
  }

  public func details(_ model: ModelConfiguration) -> [String] {
    let times = model.timeLengths ?? [model.timeLength]
    // What is not as usual is in the summary already.
    return [
      model.activation == .softplus ? model.activation.rawValue : nil,
      model.timeDependence == .concat ? model.timeDependence.rawValue : nil,
      "time \(times.map { "\($0)" }.joined(separator: ", then "))",
    ].compactMap { $0 }
  }

  public var publishedMethod: PublishedMethod? { .ffjord }
}
