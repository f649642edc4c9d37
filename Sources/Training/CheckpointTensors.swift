import NeuralNetworks
import Safetensors
import VariationalAutoencoder

/// Which tensors of a checkpoint are read, known to fit its configuration, and to fit in memory, before any of them is.
struct CheckpointTensors {
  private let names: Set<String>

  /// - Parameters:
  ///   - model: What the checkpoint says that its model is.
  ///   - prefixes: What stands before the parameters' names in those of the tensors; the parameters themselves are under
  ///     the empty one.
  ///   - types: The types that the tensors may have.
  /// - Throws: ``TrainingError/invalidCheckpoint(path:reason:)`` that names the tensors that do not fit;
  ///   ``TrainingError/notEnoughMemory(_:needed:available:)``; ``SafetensorsError`` where they would take more memory than
  ///   the file may.
  init(
    of model: ModelConfiguration, under prefixes: [String], types: Set<SafetensorsElementType> = [.float32],
    in file: SafetensorsFile
  ) throws {
    func invalid(_ reason: String) -> TrainingError { .invalidCheckpoint(path: file.path, reason: reason) }
    let layout = VariationalAutoencoder.layout(model)
    let shapes = Dictionary(uniqueKeysWithValues: file.entries.map { ($0.name, $0.shape) })
    let validationErrors = prefixes.flatMap { layout.validationErrors(under: $0) { shapes[$0] } }
    guard validationErrors.isEmpty else {
      throw invalid(ParameterMismatch(validationErrors: validationErrors, names: layout.names).description)
    }
    // Older checkpoints have a tensor for each name of a shared parameter; they must agree.
    let names = Set(prefixes.flatMap { prefix in layout.names.map { prefix + $0 } })
    for entry in file.entries where names.contains(entry.name) && !types.contains(entry.elementType) {
      let known = types.map(\.rawValue).sorted().joined(separator: ", ")
      throw invalid("\(entry.name) is of type \(entry.elementType.rawValue), not \(known)")
    }
    self.names = names
    // In single precision, whatever the type in the file.
    let bytes = MemoryEstimate.bytes(prefixes.count, layout.count)
    try file.checkMemory(ofTensors: bytes)
    try MemoryEstimate(parts: [("tensors", bytes), ("masks", MemoryEstimate.bytes(2, layout.constantCount))]).require(
      for: "reading \(file.path)")
  }

  /// Whether a tensor is one of those that are read.
  func contains(_ entry: SafetensorsEntry) -> Bool { names.contains(entry.name) }
}

extension SafetensorsFile {
  /// The longest text that is read as JSON, in bytes; a run's is a hundredth of it.
  static let longestJSON = 1 << 20

  /// What an entry of the metadata says, unless it is too long for what it is to be: parsing JSON takes many times its
  /// length.
  ///
  /// - Throws: ``TrainingError/invalidCheckpoint(path:reason:)``
  func json(_ key: String) throws(TrainingError) -> String? {
    guard let text = metadata[key] else { return nil }
    guard text.utf8.count <= Self.longestJSON else {
      throw .invalidCheckpoint(
        path: path,
        reason: "the \(key) in its metadata takes \(text.utf8.count) bytes, and \(Self.longestJSON) are the limit")
    }
    return text
  }
}
