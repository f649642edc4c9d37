import DifferentialEquations
import NeuralNetworks
import NormalizingFlows
import VariationalAutoencoder

extension PosteriorExample {
  /// Every kind of posterior that a model can have, as it is described, in the least sizes of a preset.
  static let described = PosteriorKind.allCases.map { kind in
    var model = ModelConfiguration()
    model.latent = latent
    model.flow = kind
    kind.posterior.setSizes(.small, of: &model)
    // Wide enough: the checks walk every parameter.
    (model.hidden, model.blocks, model.rank) = ([6, 5], 2, 2)
    (model.flows, model.maskedWidth, model.orthogonalVectors, model.reflections) = (3, 8, 3, 2)
    let configuration = model
    return PosteriorExample(
      name: kind == .none ? "identity" : "\(kind.rawValue), as described", isContinuous: kind.posterior.isSolved
    ) { builder, solver in
      configuration.posterior.make(configuration, solver, &builder)
    }
  }
}

extension PosteriorDescription {
  /// The flow on few features.
  fileprivate func make(
    _ model: ModelConfiguration, _ solver: SolverOptions, _ builder: inout ParameterBuilder
  ) -> any PosteriorFlow {
    flow(model, features: PosteriorExample.features, solver: solver, gradient: .direct, in: &builder)
  }
}
