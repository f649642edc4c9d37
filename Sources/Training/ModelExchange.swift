import Foundation
import NeuralNetworks
import Safetensors
import Tensors
import VariationalAutoencoder

/// Models to and from the state dict of the published PyTorch code, as plain safetensors.
public enum ModelExchange {
  /// Writes the parameters alone, under their published names and in PyTorch's shapes; the metadata say how the model is
  /// built, so that the file can come back.
  ///
  /// - Throws: ``SafetensorsError``
  public static func export(_ state: TrainingState, to url: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let tensors = zip(state.parameters.parameters, state.parameters.tensors).map { parameter, tensor in
      SafetensorsTensor(name: parameter.name, elementType: .float32, shape: tensor.shape) { consume in
        try tensor.withBytes { bytes in try consume(bytes) }
      }
    }
    try SafetensorsWriter.write(
      to: url, tensors: Array(tensors),
      metadata: [
        "format": "pt",
        "ffjord-vae configuration": String(decoding: try encoder.encode(state.configuration), as: UTF8.self),
      ], compression: .none)
  }

  /// Reads parameters for a model of a configuration; other tensors in the file that begin with none of the model's
  /// prefixes are passed over.
  ///
  /// - Throws: ``SafetensorsError``; ``TrainingError/invalidCheckpoint(path:reason:)`` that names every missing, extra or
  ///   misshaped tensor.
  public static func read(
    _ url: URL, as configuration: TrainingConfiguration
  ) throws -> (model: VariationalAutoencoder, state: TrainingState) {
    let file = try SafetensorsFile(url)
    func invalid(_ reason: String) -> TrainingError { .invalidCheckpoint(path: file.path, reason: reason) }
    var values: [String: Tensor] = [:]
    try file.readTensors { entry, bytes in
      switch entry.elementType {
      case .float32: values[entry.name] = Tensor(copying: bytes, shape: entry.shape, .float32)
      case .float64:
        values[entry.name] = Tensor(copying: bytes, shape: entry.shape, .float64).converted(to: .float32)
      default: break
      }
    }
    do {
      let (model, parameters) = try VariationalAutoencoder.make(
        configuration.model, values: values, solver: configuration.solverOptions(),
        gradient: configuration.gradient)
      let known = Set(parameters.parameters.map(\.name))
      let extra = file.entries.map(\.name).filter { name in
        prefixes.contains { name.hasPrefix($0) } && !known.contains(name)
      }
      guard extra.isEmpty else {
        throw invalid(
          "it has tensors that a model of this configuration has not: \(extra.sorted().joined(separator: ", "))"
        )
      }
      let optimizer = Adamax(for: parameters, learningRate: configuration.learningRate)
      return (
        model, TrainingState(configuration: configuration, parameters: parameters, optimizer: optimizer)
      )
    } catch let mismatch as ParameterMismatch {
      throw invalid(mismatch.description)
    }
  }

  /// The configuration that an exported file carries.
  public static func configuration(of url: URL) throws -> TrainingConfiguration? {
    guard let text = try SafetensorsFile(url).metadata["ffjord-vae configuration"] else { return nil }
    return try? TrainingConfiguration(json: text)
  }

  private static let prefixes = ["q_", "p_x", "odefuncs", "flow_", "amor_", "mlp_", "cnf"]
}
