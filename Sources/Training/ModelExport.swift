import Foundation
import Safetensors

/// Models as the state dict of the published PyTorch code, in plain safetensors.
public enum ModelExport {
  /// The metadata's key for the configuration.
  static let configurationKey = "ffjord-vae configuration"

  /// Writes the parameters alone (their average where there is one), under their published names and in PyTorch's shapes;
  /// the metadata say how the model is built.
  ///
  /// - Throws: ``SafetensorsError``; ``TrainingError/unwritable(path:reason:)`` for a number beyond the type's range.
  public static func write(_ state: TrainingState, to url: URL, as storage: ParameterStorage = .float32) throws {
    let parameters = state.modelParameters
    let tensors = try zip(parameters.parameters, parameters.tensors).map {
      try storage.stored($0.name, $1, path: url.path)
    }
    var configuration = state.configuration
    // Where data are on this machine is nobody else's business.
    configuration.dataDirectory = nil
    try SafetensorsWriter.write(
      to: url, tensors: tensors,
      metadata: [
        "format": "pt",
        configurationKey: try configuration.json(),
      ], compression: .none)
  }
}
