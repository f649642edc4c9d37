import DifferentialEquations
import Foundation
import NeuralNetworks
import NormalizingFlows
import Testing

@testable import VariationalAutoencoder

/// What every description of a posterior must hold.
@Suite struct PosteriorDescriptionTests {
  private func model(_ kind: PosteriorKind, _ size: PosteriorSize = .small) -> ModelConfiguration {
    var model = ModelConfiguration()
    model.flow = kind
    if size == .small { model.latent = 12 }
    kind.posterior.setSizes(size, of: &model)
    return model
  }

  @Test(arguments: PosteriorKind.allCases, [PosteriorSize.published, .compact, .small])
  func `the sizes of presets are valid`(_ kind: PosteriorKind, _ size: PosteriorSize) {
    #expect(model(kind, size).validationError == nil)
  }

  @Test(arguments: PosteriorKind.allCases)
  func `a posterior is said in few words`(_ kind: PosteriorKind) {
    let model = model(kind)
    #expect(!model.posteriorSummary.isEmpty && model.posteriorSummary.count < 60)
    #expect(model.posterior.label(model).count < 30)
    #expect(PosteriorKind.allCases.filter { self.model($0).posteriorSummary == model.posteriorSummary } == [kind])
  }

  @Test func `options have distinct keys, and a kind each`() {
    #expect(Set(PosteriorKind.options.map(\.key)).count == PosteriorKind.options.count)
    for option in PosteriorKind.options {
      #expect(option.key.allSatisfy(\.isLetter) && !option.summary.isEmpty)
      func kinds(_ option: some AnyModelOption) -> [PosteriorKind] { PosteriorKind.having(option) }
      #expect(!kinds(option).isEmpty)
      #expect(option.validationError(in: ModelConfiguration()) == nil)
    }
  }

  @Test(arguments: PosteriorKind.allCases)
  func `a state dict is of its own kind alone`(_ kind: PosteriorKind) {
    var model = model(kind)
    model.orthogonalVectors = 5
    let layout = VariationalAutoencoder.layout(model)
    var buffers: [String: [Float]] = [:]
    for buffer in model.posterior.buffers(model) {
      if case .float(let numbers) = buffer.numbers { buffers[buffer.name] = numbers }
      let last = buffer.name.split(separator: ".").last.map(String.init) ?? ""
      #expect(model.posterior.bufferNames.contains(last), "\(buffer.name)")
      #expect(!layout.names.contains(buffer.name))
    }
    let shapes = Dictionary(uniqueKeysWithValues: layout.parameters.map { ($0.name, $0.shape) })
    let stateDict = StateDictOutline(shapes: shapes, buffers: buffers)
    for other in PosteriorKind.allCases {
      var inferred = ModelConfiguration()
      inferred.latent = model.latent
      let notes = other.posterior.infer(&inferred, from: stateDict)
      #expect((notes != nil) == (other == kind && kind != .none), "\(other)")
      inferred.flow = kind
      if notes != nil { #expect(inferred.posteriorSummary == model.posteriorSummary) }
    }
    #expect(PosteriorKind.allCases.allSatisfy { $0.posterior.unsupported(stateDict) == nil })
  }

  @Test func `the type of its flow says whether a posterior has a score, and is solved`() {
    for kind in [PosteriorKind.none, .ffjord] { #expect(kind.posterior.hasPathGradient) }
    for kind in [PosteriorKind.planar, .iaf] { #expect(!kind.posterior.hasPathGradient && !kind.posterior.isSolved) }
    #expect(PosteriorKind.ffjord.posterior.isSolved && !PosteriorKind.none.posterior.isSolved)
  }

  @Test func `limits are told with the value`() {
    func error(_ change: (inout ModelConfiguration) -> Void) -> String? {
      var model = ModelConfiguration()
      change(&model)
      return model.validationError?.description
    }
    #expect(error { $0.rank = 257 } == "rank must be 1…256, got 257")
    #expect(error { $0.blocks = 0 } == "blocks must be 1…1000, got 0")
    #expect(error { $0.hidden = [] } == "hidden widths must be 1…100 widths, got nothing")
    #expect(error { $0.hidden = [8, 0] } == "hidden widths must be widths of 1…65536, got 8-0")
    let deep = error { $0.hidden = Array(repeating: 2, count: 101) }
    #expect(deep?.hasPrefix("hidden widths must be 1…100 widths, got 2-2-") == true)
    #expect(error { $0.timeLength = -1 } == "time length must be positive, got -1")
    #expect(error { $0.timeLengths = [0.5] } == "time lengths must be 5 numbers, one for each block, got [0.5]")
    #expect(error { ($0.flow, $0.maskedWidth) = (.iaf, 0) } == "masked width must be 1…65536, got 0")
    #expect(error { $0.latent = 0 } == "latent dimensions must be 1…4096, got 0")
    #expect(error { $0.imageWidth = 3 } == "image width must be 4…512, got 3")
  }

  @Test func `an invalid value has its key, and takes another name`() {
    var model = ModelConfiguration()
    model.timeDependence = .squash
    model.amortization = .hyper
    let error = model.validationError
    #expect(error?.key == "timeDependence" && error?.value == "squash")
    #expect(
      error?.description(calling: "--layer-type").hasPrefix("--layer-type must be concat with the amortization hyper")
        == true)
  }
}

/// A configuration in JSON, which must not change: old runs are read, and new ones by older programs.
@Suite struct ModelConfigurationTextTests {
  private func text(_ model: ModelConfiguration) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(model), as: UTF8.self)
  }

  @Test func `the published model is written as ever`() throws {
    #expect(
      try text(ModelConfiguration())
        == #"{"activation":"softplus","amortization":"low-rank","blocks":5,"flow":"ffjord","flows":16,"#
        + #""hidden":[512,512],"imageHeight":28,"imageWidth":28,"jacobianNorm":0,"kineticEnergy":0,"latent":64,"#
        + #""likelihood":"bernoulli","maskedWidth":1280,"orthogonalVectors":32,"rank":20,"reflections":8,"#
        + #""timeDependence":"concat","timeLength":0.5}"#)
  }

  @Test func `every field is written, also of kinds that the model is not of`() throws {
    var model = ModelConfiguration()
    (model.flow, model.latent, model.likelihood) = (.sylvesterHouseholder, 12, .categorical)
    (model.imageHeight, model.imageWidth) = (8, 20)
    (model.hidden, model.blocks, model.rank, model.activation) = ([64], 2, 4, .tanh)
    (model.amortization, model.timeDependence) = (.lastLayer, .squash)
    (model.timeLength, model.timeLengths) = (0.25, [0.5, 1])
    (model.kineticEnergy, model.jacobianNorm) = (0.01, 2)
    (model.flows, model.maskedWidth, model.orthogonalVectors, model.reflections) = (4, 120, 8, 3)
    let written = try text(model)
    #expect(
      written
        == #"{"activation":"tanh","amortization":"last-layer","blocks":2,"flow":"sylvester-householder","flows":4,"#
        + #""hidden":[64],"imageHeight":8,"imageWidth":20,"jacobianNorm":2,"kineticEnergy":0.01,"latent":12,"#
        + #""likelihood":"categorical","maskedWidth":120,"orthogonalVectors":8,"rank":4,"reflections":3,"#
        + #""timeDependence":"squash","timeLength":0.25,"timeLengths":[0.5,1]}"#)
    #expect(try JSONDecoder().decode(ModelConfiguration.self, from: Data(written.utf8)) == model)
    #expect(ModelConfiguration() != model)
  }

  @Test func `a value that is set to the default is the default`() {
    var model = ModelConfiguration()
    model.flows = 3
    #expect(model != ModelConfiguration())
    model.flows = 16
    #expect(model == ModelConfiguration())
  }

  @Test(arguments: [#"{"flows": "many"}"#, #"{"hidden": 512}"#, #"{"timeLengths": 1}"#, #"{"activation": "cosine"}"#])
  func `a value of another type is an error`(_ text: String) {
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(ModelConfiguration.self, from: Data(text.utf8))
    }
  }
}
