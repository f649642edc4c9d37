import Foundation
import NeuralNetworks
import Safetensors

/// Models as the state dict of the published PyTorch code, in plain safetensors.
public enum ModelExport {
  /// The metadata's key for the configuration.
  static let configurationKey = "ffjord-vae configuration"

  /// Writes the parameters (their average where there is one), under all their published names and in PyTorch's shapes, with
  /// the buffers of the published modules, which load them with `strict=True`; the metadata say how the model is built.
  ///
  /// - Returns: How many tensors the file has.
  /// - Throws: ``SafetensorsError``; ``TrainingError/unwritable(path:reason:)`` for a number beyond the type's range;
  ///   ``TrainingError/invalidConfiguration(_:)`` for a model that the published code has no class for.
  @discardableResult
  public static func write(
    _ state: TrainingState, to url: URL, as storage: ParameterStorage = .float32
  ) throws -> Int {
    let (parameters, model) = (state.modelParameters, state.configuration.model)
    if model.flow == .ffjord, model.amortization != .none, Set(model.timeLengths ?? []).count > 1 {
      throw TrainingError.invalidConfiguration(
        "the published model with amortization \(model.amortization.rawValue) runs all blocks for one time, and this one's "
          + "times differ; it cannot be exported")
    }
    let named = parameters.parameters.map { ($0.name, $0) } + parameters.otherNames.map { ($0.name, $0.parameter) }
    let tensors = try named.map { name, parameter in
      try storage.stored(name, parameters[parameter], path: url.path)
    }
    var configuration = state.configuration
    // Where data are on this machine is nobody else's business, and whether they are the same no state dict can tell.
    configuration.dataDirectory = nil
    configuration.dataDigest = nil
    configuration.initialCheckpoint = nil
    let all = tensors + model.publishedBuffers()
    try SafetensorsWriter.write(
      to: url, tensors: all,
      metadata: [
        "format": "pt",
        configurationKey: try configuration.json(),
      ], compression: .none)
    return all.count
  }
}
