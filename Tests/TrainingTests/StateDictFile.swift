import FileTestSupport
import Foundation
import NeuralNetworks
import Safetensors
import Tensors
import VariationalAutoencoder

@testable import PyTorchInterchange
@testable import Runs

/// A state dict to write and to import again: a model's parameters, and what a test puts beside or in place of them.
struct StateDictFile {
  let directory: TemporaryDirectory
  let configuration: TrainingConfiguration
  let parameters: ParameterSet
  var tensors: [String: SafetensorsTensor] = [:]
  var metadata: [String: String] = [:]

  /// The parameters of a model of a seed, without a word on how it is built.
  init(_ configuration: TrainingConfiguration = TinyRun.configuration()) throws {
    directory = try TemporaryDirectory()
    self.configuration = configuration
    parameters = VariationalAutoencoder.make(configuration.model, seed: 7).parameters
    for (parameter, tensor) in zip(parameters.parameters, parameters.tensors) {
      set(parameter.name, tensor.floats(), tensor.shape)
    }
  }

  var state: TrainingState {
    TrainingState(
      configuration: configuration, parameters: parameters, optimizer: Optimizer(for: parameters))
  }

  var url: URL { directory.url.appending(path: "state.safetensors") }

  mutating func set<Element: SafetensorsElement>(_ name: String, _ values: [Element], _ shape: [Int]) {
    tensors[name] = SafetensorsTensor(name: name, shape: shape, values: values)
  }

  mutating func set(_ name: String, _ type: SafetensorsElementType, _ bits: [UInt16]) {
    tensors[name] = SafetensorsTensor(name: name, elementType: type, shape: [bits.count]) { body in
      try bits.withUnsafeBytes(body)
    }
  }

  func write() throws {
    try SafetensorsWriter.write(
      to: url, tensors: Array(tensors.values), metadata: metadata, compression: .none)
  }

  func imported(
    preset: Preset? = nil, dataset: String? = nil, change: (inout ModelConfiguration) -> Void = { _ in }
  ) throws -> ModelImport {
    try write()
    return try ModelImport(url, preset: preset, dataset: dataset, change: change)
  }

  /// What importing complains of, if it is of the kind for bad data.
  func validationError() throws -> String? {
    let error = runError { _ = try imported() }
    return error?.category == .badData ? error?.description : nil
  }
}

extension ParameterSet {
  /// The bits of all tensors, by name.
  var bits: [String: [UInt32]] {
    Dictionary(
      uniqueKeysWithValues: zip(parameters.map(\.name), tensors.map { $0.floats().map(\.bitPattern) }))
  }
}
