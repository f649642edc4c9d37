import Files
import Foundation
import NeuralNetworks
import Safetensors
import VariationalAutoencoder

/// The tensors to be read from a checkpoint. Before any of them is read, they are checked to fit the configuration,
/// and to fit in memory.
package struct CheckpointTensors {
  private let names: Set<String>

  /// - Parameters:
  ///   - layout: The layout of the parameters, according to the checkpoint.
  ///   - prefixes: The prefixes of the tensors' names, before the parameters' names; that of the parameters themselves
  ///     is empty.
  ///   - types: The element types that the tensors may have.
  ///   - file: The checkpoint.
  /// - Throws: ``RunError/invalidCheckpoint(path:reason:)``, which names the tensors that do not fit;
  ///   ``RunError/notEnoughMemory(_:needed:available:)``; `SafetensorsError` where the tensors would take more
  ///   memory than the file may.
  package init(
    of layout: ParameterLayout, under prefixes: [String], types: Set<SafetensorsElementType> = [.float32],
    in file: SafetensorsFile
  ) throws {
    func invalid(_ reason: String) -> RunError { .invalidCheckpoint(path: file.path, reason: reason) }
    let shapes = Dictionary(uniqueKeysWithValues: file.entries.map { ($0.name, $0.shape) })
    let validationErrors = prefixes.flatMap { layout.validationErrors(under: $0) { shapes[$0] } }
    guard validationErrors.isEmpty else {
      throw invalid(ParameterMismatch(validationErrors: validationErrors, names: layout.names).description)
    }
    // Older checkpoints have a tensor for each name of a shared parameter; these must be equal.
    let names = Set(prefixes.flatMap { prefix in layout.names.map { prefix + $0 } })
    for entry in file.entries where names.contains(entry.name) && !types.contains(entry.elementType) {
      let known = types.map(\.rawValue).sorted().joined(separator: ", ")
      throw invalid("\(entry.name) is of type \(entry.elementType.rawValue), not \(known)")
    }
    self.names = names
    // In memory they are in single precision, whatever their type in the file.
    let bytes = MemoryEstimate.bytes(prefixes.count, layout.count)
    try file.checkMemory(ofTensors: bytes)
    try MemoryEstimate(parts: [("tensors", bytes), ("masks", MemoryEstimate.bytes(2, layout.constantCount))]).require(
      for: "reading \(file.path)")
  }

  /// Whether a tensor is one of those that are read.
  package func contains(_ entry: SafetensorsEntry) -> Bool { names.contains(entry.name) }
}

extension SafetensorsFile {
  /// The greatest length of JSON in the metadata, in bytes; a run's takes about a hundredth of it.
  package static let longestJSON = 1 << 20

  /// A value that the metadata have as JSON.
  ///
  /// - Throws: ``RunError/invalidCheckpoint(path:reason:)`` where there is none, or it cannot be read.
  package func decoded<Value: Decodable>(_ key: String, _ type: Value.Type) throws(RunError) -> Value {
    guard let text = try json(key) else {
      throw .invalidCheckpoint(path: path, reason: "its metadata lack the \(key)")
    }
    do { return try JSONDecoder().decode(type, from: Data(text.utf8)) } catch {
      throw .invalidCheckpoint(path: path, reason: "the \(key) in its metadata cannot be read: \(error)")
    }
  }

  /// Checks that the metadata are of the version that this program reads.
  ///
  /// - Throws: ``RunError/invalidCheckpoint(path:reason:)``
  package func requireVersion() throws(RunError) {
    let version = metadata["version"]
    guard version == "1" else {
      let reason = "it is of version \((version ?? "?").visible()), and this program reads version 1"
      throw .invalidCheckpoint(path: path, reason: reason)
    }
  }

  /// An entry of the metadata that is to be parsed as JSON, which takes many times its length in memory; nil where
  /// there is none.
  ///
  /// - Throws: ``RunError/invalidCheckpoint(path:reason:)``
  package func json(_ key: String) throws(RunError) -> String? {
    guard let text = metadata[key] else { return nil }
    guard text.utf8.count <= Self.longestJSON else {
      throw .invalidCheckpoint(
        path: path,
        reason: "the \(key) in its metadata takes \(text.utf8.count) bytes, and \(Self.longestJSON) are the limit")
    }
    return text
  }
}
