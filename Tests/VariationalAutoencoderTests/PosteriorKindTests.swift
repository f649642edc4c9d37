import Autodiff
import DifferentialEquations
import Foundation
import NeuralNetworks
import NormalizingFlows
import Randomness
import Tensors
import TestSupport
import Testing

@testable import VariationalAutoencoder

/// Every posterior and every amortization, as a whole model.
@Suite struct PosteriorKindTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let flow: PosteriorKind
    var amortization = Amortization.lowRank

    var testDescription: String { flow == .ffjord ? "ffjord, \(amortization.rawValue)" : flow.rawValue }

    static let all =
      PosteriorKind.allCases.filter { $0 != .ffjord }.map { Case(flow: $0) }
      + Amortization.allCases.map { Case(flow: .ffjord, amortization: $0) }

    var configuration: ModelConfiguration {
      var configuration = ModelConfiguration()
      configuration.imageHeight = 8
      configuration.imageWidth = 12
      configuration.latent = 4
      configuration.flow = flow
      configuration.amortization = amortization
      configuration.hidden = [6, 5]
      configuration.blocks = 2
      configuration.rank = 2
      configuration.flows = 3
      configuration.maskedWidth = 8
      configuration.orthogonalVectors = 3
      configuration.reflections = 2
      return configuration
    }
  }

  private func images(_ batch: Int) -> Tensor {
    let stream = RandomStream(seed: 5, purpose: .test)
    return Tensor(stream.uniforms(0..<(batch * 96)).map { $0 < 0.3 ? 1 : 0 } as [Float], shape: [batch, 96])
  }

  private func noise(_ batch: Int) -> Tensor {
    Tensor(RandomStream(seed: 6, purpose: .test).normals(0..<(batch * 4)), shape: [batch, 4])
  }

  private func run(
    _ configuration: ModelConfiguration, _ type: ElementType
  ) throws -> (output: ModelOutput, gradients: [(name: String, gradient: Tensor)]) {
    let made = VariationalAutoencoder.make(configuration, seed: 2)
    let tape = Tape()
    let bound = made.parameters.converted(to: type).tracked(on: tape)
    let output = try made.model(
      ImageBatch(images(3).converted(to: type)), noise: noise(3).converted(to: type),
      probes: ProbeSource(.gaussian, seed: 3), bound)
    let gradients = tape.gradients(of: output.loss(klWeight: 0.7), withRespectTo: bound.variables)
    return (output, Array(zip(made.parameters.parameters.map(\.name), gradients)))
  }

  @Test(arguments: Case.all)
  func `a model gives a bound, and a gradient for each of its parameters`(_ example: Case) throws {
    #expect(example.configuration.validationError == nil)
    let (single, gradients) = try run(example.configuration, .float32)
    #expect(single.bound.value.value.firstNonFinite == nil)
    for (name, gradient) in gradients {
      #expect(gradient.firstNonFinite == nil && gradient.sumOfSquares() > 0, "\(name)")
    }
    let (double, expected) = try run(example.configuration, .float64)
    for (a, b) in zip(
      single.bound.value.value.doubles() + single.sample.flow.z.value.doubles(),
      double.bound.value.value.doubles() + double.sample.flow.z.value.doubles())
    {
      #expect(abs(a - b) < 3e-4 * max(1, abs(b)))
    }
    for ((name, a), (_, b)) in zip(gradients, expected) {
      let difference = Tensor.linearCombination([(1, a.converted(to: .float64)), (-1, b)])
      #expect(difference.sumOfSquares() < 1e-5 * (b.sumOfSquares() + 1e-6), "\(name)")
    }
  }

  @Test(arguments: Case.all)
  func `a model is made again of its tensors`(_ example: Case) throws {
    let made = VariationalAutoencoder.make(example.configuration, seed: 2)
    let values = Dictionary(
      uniqueKeysWithValues: zip(made.parameters.parameters.map(\.name), made.parameters.tensors))
    let again = try VariationalAutoencoder.make(example.configuration, values: values)
    #expect(again.parameters.parameters.map(\.name) == made.parameters.parameters.map(\.name))
  }

  @Test func `regularization is added to the loss alone`() throws {
    var configuration = Case(flow: .ffjord).configuration
    let plain = try run(configuration, .float64).output
    configuration.kineticEnergy = 0.5
    configuration.jacobianNorm = 0.25
    let regularized = try run(configuration, .float64).output
    #expect(plain.bound.value.value.doubles() == regularized.bound.value.value.doubles())
    let energy = try #require(regularized.sample.flow.kineticEnergy).value.mean()
    let norm = try #require(regularized.sample.flow.jacobianNorm).value.mean()
    #expect(energy > 0 && norm > 0)
    let added =
      regularized.loss(klWeight: 1).value.scalar - plain.loss(klWeight: 1).value.scalar
    #expect(abs(added - 0.5 * energy - 0.25 * norm) < 1e-10)
  }

  @Test(arguments: Case.all)
  func `a flow prepared for images gives the same, and one without density the same codes`(_ example: Case) throws {
    let (model, parameters) = VariationalAutoencoder.make(example.configuration, seed: 2)
    let bound = parameters.constants
    let features = model.encode(Variable(images(3)), bound)
    func sample(_ change: (any PosteriorFlow) -> any PosteriorFlow) throws -> FlowOutput {
      var model = model
      model.flow = change(model.flow)
      return try model.samplePosterior(
        features: features, noise: noise(3), probes: ProbeSource(.gaussian, seed: 3), bound
      ).flow
    }
    let whole = try sample { $0 }
    let prepared = try sample { $0.prepared(for: features, bound) }
    #expect(prepared.z.value == whole.z.value && prepared.deltaLogDensity.value == whole.deltaLogDensity.value)
    let codes = try sample { $0.withoutDensity }
    #expect(relativeDifference(codes.z.value.doubles(), whole.z.value.doubles()) < 1e-4)
    #expect(codes.deltaLogDensity.value.doubles().allSatisfy(\.isNaN) == (example.flow == .ffjord))
  }
}

/// What a configuration accepts and reads.
@Suite struct ModelConfigurationTests {
  @Test func `posteriors and amortizations are named as on the command line`() {
    let names = [
      "none", "planar", "iaf", "sylvester-orthogonal", "sylvester-householder", "sylvester-triangular", "ffjord",
    ]
    #expect(Set(names).isSubset(of: PosteriorKind.allCases.map(\.rawValue)))
    #expect(Amortization.allCases.map(\.rawValue) == ["low-rank", "bias", "hyper", "last-layer", "none"])
  }

  @Test func `a configuration written before there were other posteriors is still read`() throws {
    let text = """
      {"imageHeight": 28, "imageWidth": 20, "latent": 32, "flow": "ffjord", "hidden": [64, 64], "blocks": 2, "rank": 4,
       "activation": "tanh", "timeDependence": "ignore", "timeLength": 0.25}
      """
    let read = try JSONDecoder().decode(ModelConfiguration.self, from: Data(text.utf8))
    var expected = ModelConfiguration()
    expected.imageWidth = 20
    expected.latent = 32
    expected.hidden = [64, 64]
    expected.blocks = 2
    expected.rank = 4
    expected.activation = .tanh
    expected.timeDependence = .ignore
    expected.timeLength = 0.25
    #expect(read == expected)
  }

  @Test func `a configuration is read as it was written`() throws {
    var configuration = ModelConfiguration()
    configuration.flow = .sylvesterOrthogonal
    configuration.amortization = .lastLayer
    configuration.flows = 3
    configuration.maskedWidth = 128
    configuration.orthogonalVectors = 7
    configuration.reflections = 5
    configuration.kineticEnergy = 0.01
    configuration.jacobianNorm = 0.02
    let data = try JSONEncoder().encode(configuration)
    #expect(try JSONDecoder().decode(ModelConfiguration.self, from: data) == configuration)
  }

  @Test func `a posterior is told in words`() {
    var configuration = ModelConfiguration()
    #expect(configuration.posteriorSummary == "5 flows of 512-512, rank 20")
    configuration.amortization = .none
    #expect(configuration.posteriorSummary == "5 flows of 512-512, no amortization")
    configuration.flow = .sylvesterOrthogonal
    #expect(configuration.posteriorSummary == "16 Sylvester flows with 32 orthogonal vectors")
  }

  @Test func `a kind that there is not is an error`() {
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(ModelConfiguration.self, from: Data(#"{"flow": "nonesuch"}"#.utf8))
    }
  }

  @Test func `what is wrong is told`() {
    func validationError(_ change: (inout ModelConfiguration) -> Void) -> String {
      var configuration = ModelConfiguration()
      change(&configuration)
      return configuration.validationError?.description ?? ""
    }
    #expect(validationError { _ in } == "")
    #expect(validationError { $0.activation = .exp }.contains("softplus, tanh, elu, swish, square, relu"))
    #expect(
      validationError {
        $0.amortization = .hyper
        $0.timeDependence = .squash
      }.contains("concat"))
    #expect(validationError { $0.kineticEnergy = -1 }.contains("kinetic energy"))
    #expect(validationError { $0.jacobianNorm = .nan }.contains("Jacobian"))
    for flow in [
      PosteriorKind.planar, .iaf, .sylvesterTriangular, .sylvesterOrthogonal, .sylvesterHouseholder,
    ] {
      #expect(
        validationError {
          $0.flow = flow
          $0.flows = 0
        }.contains("flows must be 1…1000, got 0"))
    }
    #expect(
      validationError {
        $0.flow = .iaf
        $0.maskedWidth = 100
      }.contains("dimensions, 64, got 100"))
    #expect(
      validationError {
        $0.flow = .sylvesterHouseholder
        $0.reflections = 0
      }.contains("reflections"))
    // What another posterior would not take does not matter.
    #expect(validationError { $0.maskedWidth = 100 } == "")
  }
}
