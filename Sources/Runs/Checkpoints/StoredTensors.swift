import Files
import NeuralNetworks
import Safetensors
import Tensors

/// Tensors that were read from a checkpoint, by their names: in single precision, or in double precision where they are
/// stored so.
package struct StoredTensors {
  private let path: String
  private var values: [String: Tensor] = [:]

  /// Reads the tensors that are wanted. Others are skipped, but the checksum at the end is verified all the same.
  ///
  /// - Throws: `SafetensorsError`; ``RunError/invalidCheckpoint(path:reason:)`` where a number is not finite, or a tensor
  ///   is of a type in which none are stored.
  package init(_ file: SafetensorsFile, where isWanted: (SafetensorsEntry) -> Bool) throws {
    path = file.path
    try file.readTensors(where: isWanted) { entry, bytes in
      let stored =
        entry.elementType == .float64
        ? Tensor(copying: bytes, shape: entry.shape, .float64)
        : ParameterStorage.widened(bytes, shape: entry.shape, entry.elementType)
      guard let tensor = stored else {
        throw invalid("\(entry.name.visible()) is of type \(entry.elementType.rawValue)")
      }
      if let error = tensor.validationError { throw invalid("\(entry.name.visible()) \(error)") }
      values[entry.name] = tensor
    }
  }

  package subscript(_ name: String) -> Tensor? { values[name] }

  /// The tensors whose names begin with a prefix, by the rest of their names.
  package func under(_ prefix: String) -> [String: Tensor] {
    values.reduce(into: [:]) { result, value in
      if value.key.hasPrefix(prefix) { result[String(value.key.dropFirst(prefix.count))] = value.value }
    }
  }

  /// The tensors of parameters, in their order.
  ///
  /// - Parameter prefix: What their names begin with, before the parameters' names.
  /// - Throws: ``RunError/invalidCheckpoint(path:reason:)`` where one is missing, or of another shape.
  package func tensors(of parameters: [Parameter], under prefix: String) throws(RunError) -> [Tensor] {
    var tensors: [Tensor] = []
    for parameter in parameters {
      let name = prefix + parameter.name
      guard let tensor = values[name] else { throw invalid("\(name) \(parameter.shape) is missing") }
      guard tensor.shape == parameter.shape else {
        throw invalid("\(name) is \(tensor.shape), not \(parameter.shape)")
      }
      tensors.append(tensor)
    }
    return tensors
  }

  private func invalid(_ reason: String) -> RunError { .invalidCheckpoint(path: path, reason: reason) }
}
