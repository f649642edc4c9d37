import Foundation
import NeuralNetworks
import Runs
import Safetensors
import VariationalAutoencoder

/// Exports models as a state dict of the published PyTorch code, in plain safetensors.
public enum ModelExport {
  /// The metadata's key for the configuration.
  static let configurationKey = "ffjord-vae configuration"

  /// Writes the parameters of a model (their average where there is one), under all their published names and with
  /// PyTorch's shapes, and the buffers of the published modules, which can then load the file with `strict=True`. The
  /// metadata contain the configuration.
  ///
  /// - Parameters:
  ///   - state: The state of a run.
  ///   - url: The file.
  ///   - storage: The type in which the parameters are stored.
  /// - Returns: The number of tensors in the file.
  /// - Throws: `SafetensorsError`; `RunError.unwritable` for a number beyond the type's range;
  ///   `RunError.invalidConfiguration` for a model that the published code has no class for.
  @discardableResult
  public static func write(
    _ state: TrainingState, to url: URL, as storage: ParameterStorage = .float32
  ) throws -> Int {
    let (parameters, model) = (state.modelParameters, state.configuration.model)
    if let reason = model.posterior.exportError(model) {
      throw RunError.invalidConfiguration("\(reason); it cannot be exported")
    }
    let named = parameters.parameters.map { ($0.name, $0) } + parameters.otherNames.map { ($0.name, $0.parameter) }
    let tensors = try named.map { name, parameter in
      try storage.stored(name, parameters[parameter], path: url.path)
    }
    var configuration = state.configuration
    // Paths on this machine are private, and a state dict does not tell whether the data are the same.
    configuration.dataDirectory = nil
    configuration.dataDigest = nil
    configuration.initialCheckpoint = nil
    let all = tensors + model.posterior.buffers(model).map(\.tensor)
    try SafetensorsWriter.write(
      to: url, tensors: all,
      metadata: [
        "format": "pt",
        configurationKey: try configuration.json(),
      ], compression: .none)
    return all.count
  }
}

extension StateDictBuffer {
  var tensor: SafetensorsTensor {
    switch numbers {
    case .float(let numbers): SafetensorsTensor(name: name, shape: shape, values: numbers)
    case .integer(let numbers): SafetensorsTensor(name: name, shape: shape, values: numbers)
    }
  }
}
