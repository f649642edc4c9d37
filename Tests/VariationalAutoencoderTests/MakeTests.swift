import DifferentialEquations
import Foundation
import NeuralNetworks
import NormalizingFlows
import Tensors
import TestSupport
import Testing

@testable import VariationalAutoencoder

/// Making models: from a seed, from values, and what is refused.
@Suite struct MakeTests {
  private func values(_ set: ParameterSet) -> [String: Tensor] {
    Dictionary(uniqueKeysWithValues: zip(set.parameters.map(\.name), set.tensors))
  }

  @Test(arguments: PosteriorKind.allCases)
  func `a model made of another's values gives the same numbers`(_ flow: PosteriorKind) throws {
    let configuration = smallConfiguration(flow)
    let (first, parameters) = VariationalAutoencoder.make(configuration, seed: 8)
    let (second, again) = try VariationalAutoencoder.make(configuration, values: values(parameters))
    #expect(again.parameters == parameters.parameters)
    #expect(zip(again.tensors, parameters.tensors).allSatisfy { $0.floats() == $1.floats() })
    let images = binaryImages([2, 64], 1).converted(to: .float32)
    func bound(_ model: VariationalAutoencoder, _ set: ParameterSet) throws -> [Float] {
      try model(
        .init(images), noise: normals([2, 4], 1).converted(to: .float32),
        probes: ProbeSource(.gaussian, seed: 1), set.constants
      ).bound.value.value.floats()
    }
    #expect(try bound(first, parameters) == bound(second, again))
    let (other, different) = VariationalAutoencoder.make(configuration, seed: 9)
    #expect(try bound(other, different) != bound(first, parameters))
  }

  @Test func `a mismatch names every tensor`() throws {
    let configuration = smallConfiguration()
    var values = values(VariationalAutoencoder.make(configuration, seed: 8).parameters)
    values["q_z_mean.bias"] = nil
    values["odefuncs.1.diffeq.layers.2._layer.weight"] = Tensor(zeros: [4, 7])
    let mismatch = try #require(throws: ParameterMismatch.self) {
      try VariationalAutoencoder.make(configuration, values: values)
    }
    #expect(
      mismatch.validationErrors == [
        "q_z_mean.bias [4] is missing", "odefuncs.1.diffeq.layers.2._layer.weight is [4, 7], not [4, 6]",
      ])
    #expect(mismatch.description == mismatch.validationErrors.joined(separator: "; "))
  }

  @Test func `a long mismatch is told in part and counted`() throws {
    let configuration = smallConfiguration()
    let count = VariationalAutoencoder.make(configuration, seed: 8).parameters.parameters.count
    let mismatch = try #require(throws: ParameterMismatch.self) {
      try VariationalAutoencoder.make(configuration, values: [:])
    }
    #expect(mismatch.validationErrors.count == count)
    #expect(mismatch.description.hasPrefix("q_z_nn.0.h.weight [32, 1, 5, 5] is missing; "))
    #expect(mismatch.description.hasSuffix("; and \(count - 12) more"))
  }

  @Test func `the published sizes are sound`() {
    #expect(ModelConfiguration().validationError == nil && smallConfiguration().validationError == nil)
    var frey = ModelConfiguration()
    frey.imageWidth = 20
    #expect(frey.validationError == nil)
  }

  struct Wrong: CustomTestStringConvertible, Sendable {
    let text: String
    let change: @Sendable (inout ModelConfiguration) -> Void
    var testDescription: String { text }
  }

  @Test(arguments: [
    Wrong(text: "image height must be 4…512, got 3") { $0.imageHeight = 3 },
    Wrong(text: "image width must be 4…512, got 0") { $0.imageWidth = 0 },
    Wrong(text: "image height must be 4…512, got 516") { $0.imageHeight = 516 },
    Wrong(text: "latent dimensions must be 1…4096, got 0") { $0.latent = 0 },
    Wrong(text: "latent dimensions must be 1…4096, got 4097") { $0.latent = 4097 },
    Wrong(text: "hidden widths must be widths of 1…65536, got 64-0-64") { $0.hidden = [64, 0, 64] },
    Wrong(text: "hidden widths must be 1…100 widths, got nothing") { $0.hidden = [] },
    Wrong(text: "blocks must be 1…1000, got 0") { $0.blocks = 0 },
    Wrong(text: "rank must be 1…256, got 0") { $0.rank = 0 },
    Wrong(text: "rank must be 1…256, got 257") { $0.rank = 257 },
    Wrong(text: "time length must be positive, got 0") { $0.timeLength = 0 },
    Wrong(text: "time length must be positive, got inf") { $0.timeLength = .infinity },
    Wrong(text: "time length must be positive, got nan") { $0.timeLength = .nan },
    Wrong(text: "time lengths must be 5 numbers, one for each block, got [1.0, 2.0]") { $0.timeLengths = [1, 2] },
    Wrong(text: "time lengths must be positive numbers, got [1.0, -1.0]") {
      ($0.blocks, $0.timeLengths) = (2, [1, -1])
    },
  ])
  func `a configuration that makes no model says what is wrong`(_ wrong: Wrong) {
    var configuration = ModelConfiguration()
    wrong.change(&configuration)
    #expect(configuration.validationError?.description == wrong.text)
  }

  @Test func `a configuration survives being written and read`() throws {
    var configuration = smallConfiguration()
    configuration.activation = .tanh
    configuration.timeDependence = .ignore
    configuration.timeLength = 0.25
    configuration.timeLengths = [0.25, 0.5]
    let data = try JSONEncoder().encode(configuration)
    #expect(try JSONDecoder().decode(ModelConfiguration.self, from: data) == configuration)
  }
}
