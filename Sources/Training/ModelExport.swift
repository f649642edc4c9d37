import Foundation
import Safetensors

/// Models as the state dict of the published PyTorch code, in plain safetensors.
public enum ModelExport {
  /// The metadata's key for the configuration.
  static let configurationKey = "ffjord-vae configuration"

  /// Writes the parameters alone, under their published names and in PyTorch's shapes; the metadata say how the model is
  /// built.
  ///
  /// - Throws: ``SafetensorsError``
  public static func write(_ state: TrainingState, to url: URL) throws {
    let tensors = zip(state.parameters.parameters, state.parameters.tensors).map { parameter, tensor in
      SafetensorsTensor(name: parameter.name, elementType: .float32, shape: tensor.shape) { consume in
        try tensor.withBytes { bytes in try consume(bytes) }
      }
    }
    var configuration = state.configuration
    // Where data are on this machine is nobody else's business.
    configuration.dataDirectory = nil
    try SafetensorsWriter.write(
      to: url, tensors: Array(tensors),
      metadata: [
        "format": "pt",
        configurationKey: try configuration.json(),
      ], compression: .none)
  }
}
