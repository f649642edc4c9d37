import NeuralNetworks
import NormalizingFlows
import Tensors
import Testing
import VariationalAutoencoder

/// A model's layout: the names and shapes of its parameters without the parameters.
@Suite struct LayoutTests {
  private static let models: [ModelConfiguration] = {
    var models = PosteriorKind.allCases.map { kind in
      var model = ModelConfiguration()
      (model.imageHeight, model.imageWidth, model.latent, model.flow) = (8, 8, 4, kind)
      (model.hidden, model.blocks, model.rank, model.flows) = ([8, 6], 2, 2, 3)
      (model.maskedWidth, model.orthogonalVectors, model.reflections) = (12, 3, 2)
      return model
    }
    let continuous = models.first { $0.flow == .ffjord } ?? ModelConfiguration()
    for amortization in Amortization.allCases {
      for dependence in TimeDependence.allCases where amortization != .hyper || dependence == .concat {
        var model = continuous
        (model.amortization, model.timeDependence, model.activation) = (amortization, dependence, .swish)
        model.likelihood = .categorical
        models.append(model)
      }
    }
    return models
  }()

  @Test func `a layout is that of the parameters that a model is made with`() {
    for model in Self.models {
      #expect(model.validationError == nil)
      let layout = VariationalAutoencoder.layout(model)
      let made = VariationalAutoencoder.make(model, seed: 1).parameters
      #expect(layout.parameters == made.parameters)
      #expect(layout.count == made.count)
      #expect((layout.constantCount > 0) == (model.flow == .iaf))
      let validationErrors = layout.validationErrors { made[$0]?.shape }
      #expect(validationErrors.isEmpty)
    }
  }

  /// These sizes are those of hundreds of terabytes.
  @Test func `a model is laid out, and held against tensors, without memory for its numbers`() throws {
    var iaf = ModelConfiguration()
    (iaf.flow, iaf.latent, iaf.maskedWidth, iaf.flows) = (.iaf, 4096, 65536, 1000)
    var continuous = ModelConfiguration()
    (continuous.amortization, continuous.hidden) = (.hyper, [Int](repeating: 65536, count: 20))
    for model in [iaf, continuous] {
      #expect(model.validationError == nil)
      #expect(VariationalAutoencoder.layout(model).count > 1 << 40)
      let error = #expect(throws: ParameterMismatch.self) {
        _ = try VariationalAutoencoder.make(model, values: ["q_z_mean.bias": Tensor(zeros: [3])])
      }
      #expect(error?.validationErrors.contains("q_z_mean.bias is [3], not [\(model.latent)]") == true)
      #expect(error?.validationErrors.count == error?.names.count)
    }
  }
}
