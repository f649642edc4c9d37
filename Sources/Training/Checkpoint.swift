import Foundation
import NeuralNetworks
import Safetensors
import Tensors
import VariationalAutoencoder

/// A run on disk: a zstd frame around a safetensors file.
///
/// `zstd -d` gives a file that every safetensors reader opens. Parameters are under the names, and in the shapes, of the
/// published PyTorch model; the optimizer's tensors are under `optimizer.first_moment.` and `optimizer.infinity_norm.`
/// and the parameter's name; configuration and progress are JSON in the metadata. All randomness is a function of the
/// seed in the configuration and the step in the progress, so these are the random state and the data cursor, too.
public enum Checkpoint {
  /// The newest state of a run.
  public static let lastName = "last.safetensors.zst"
  /// The state with the best validation bound.
  public static let bestName = "best.safetensors.zst"

  static let kind = "ffjord-vae checkpoint"
  private static let firstMoment = "optimizer.first_moment."
  private static let infinityNorm = "optimizer.infinity_norm."

  /// Writes a state, atomically: a temporary file, synced, renamed.
  ///
  /// - Returns: The file's size in bytes.
  /// - Throws: ``SafetensorsError``
  @discardableResult
  public static func write(_ state: TrainingState, to url: URL) throws -> Int {
    var tensors: [SafetensorsTensor] = []
    func add(_ name: String, _ tensor: Tensor) {
      tensors.append(
        SafetensorsTensor(name: name, elementType: .float32, shape: tensor.shape) { consume in
          try tensor.withBytes { bytes in try consume(bytes) }
        })
    }
    for (i, parameter) in state.parameters.parameters.enumerated() {
      add(parameter.name, state.parameters.tensors[i])
      add(firstMoment + parameter.name, state.optimizer.firstMoments[i])
      add(infinityNorm + parameter.name, state.optimizer.infinityNorms[i])
    }
    var metadata = [
      "kind": kind, "version": "1", "format": "pt", "role": (state.run == nil ? Role.model : .training).rawValue,
      "configuration": try state.configuration.json(),
      "progress": try state.progress.json(),
      "optimizer_step": String(state.optimizer.step),
    ]
    metadata["run"] = state.run
    return try SafetensorsWriter.write(to: url, tensors: tensors, metadata: metadata)
  }

  /// What a checkpoint is.
  public enum Role: String, Sendable {
    /// The state of a run: the metadata's `run` says which.
    case training
    /// A model that was imported, which is of no run.
    case model
  }

  /// What a checkpoint says of itself, read from its beginning alone.
  public struct Summary: Sendable {
    public let url: URL
    public let configuration: TrainingConfiguration
    public let progress: TrainingProgress
    public let optimizerStep: Int
    /// None in a checkpoint of an older program.
    public let role: Role?
    /// The run that it is of, if it says so.
    public let run: String?
    public let entries: [SafetensorsEntry]
    /// The file's size in bytes.
    public let fileByteCount: Int

    /// The entries that are parameters, not the optimizer's.
    public var parameters: [SafetensorsEntry] { entries.filter { !$0.name.hasPrefix("optimizer.") } }
  }

  /// Reads what a checkpoint says of itself.
  ///
  /// - Throws: ``SafetensorsError``; ``TrainingError/invalidCheckpoint(path:reason:)``
  public static func summary(of url: URL) throws -> Summary { try summary(of: SafetensorsFile(url)) }

  private static func summary(of file: SafetensorsFile) throws -> Summary {
    func invalid(_ reason: String) -> TrainingError { .invalidCheckpoint(path: file.path, reason: reason) }
    guard file.metadata["kind"] == kind else {
      throw invalid("its metadata do not say that it is one; it is a safetensors file of another origin")
    }
    guard file.metadata["version"] == "1" else {
      throw invalid("it is of version \(file.metadata["version"] ?? "?"), and this program reads version 1")
    }
    func decoded<Value: Decodable>(_ key: String, _ type: Value.Type) throws -> Value {
      guard let text = file.metadata[key] else { throw invalid("its metadata lack the \(key)") }
      do { return try JSONDecoder().decode(type, from: Data(text.utf8)) } catch {
        throw invalid("the \(key) in its metadata cannot be read: \(error)")
      }
    }
    let configuration: TrainingConfiguration
    do { configuration = try TrainingConfiguration(json: file.metadata["configuration"] ?? "") } catch {
      throw invalid("the configuration in its metadata cannot be read: \(error)")
    }
    do { try configuration.validate() } catch { throw invalid(error.description) }
    let progress = try decoded("progress", TrainingProgress.self)
    guard progress.isPlausible,
      let optimizerStep = file.metadata["optimizer_step"].flatMap({ Int($0) }),
      (0...TrainingProgress.stepLimit).contains(optimizerStep)
    else { throw invalid("its progress makes no sense") }
    return Summary(
      url: URL(filePath: file.path), configuration: configuration, progress: progress,
      optimizerStep: optimizerStep, role: file.metadata["role"].flatMap { Role(rawValue: $0) },
      run: file.metadata["run"], entries: file.entries, fileByteCount: Int(file.byteCount))
  }

  /// Reads a checkpoint: the model, and with `includingOptimizer` the whole state of the run.
  ///
  /// - Throws: ``SafetensorsError`` for a damaged file; ``TrainingError/invalidCheckpoint(path:reason:)`` for one whose
  ///   tensors do not fit its configuration.
  public static func read(
    _ url: URL, includingOptimizer: Bool
  ) throws -> (model: VariationalAutoencoder, state: TrainingState) {
    let file = try SafetensorsFile(url)
    let summary = try summary(of: file)
    func invalid(_ reason: String) -> TrainingError { .invalidCheckpoint(path: file.path, reason: reason) }
    var values: [String: Tensor] = [:]
    // Tensors that nobody asked for are passed over; the checksum behind them is verified all the same.
    try file.readTensors { entry, bytes in
      guard includingOptimizer || !entry.name.hasPrefix("optimizer.") else { return }
      guard entry.elementType == .float32 else {
        throw invalid("\(entry.name) is of type \(entry.elementType.rawValue), not F32")
      }
      values[entry.name] = Tensor(copying: bytes, shape: entry.shape, .float32)
    }
    let configuration = summary.configuration
    let model: VariationalAutoencoder
    let parameters: ParameterSet
    do {
      (model, parameters) = try VariationalAutoencoder.make(
        configuration.model, values: values, solver: configuration.solverOptions(),
        gradient: configuration.gradient)
    } catch let mismatch as ParameterMismatch {
      throw invalid(mismatch.description)
    }
    var optimizer = Adamax(for: ParameterSet(), learningRate: configuration.learningRate)
    if includingOptimizer {
      func tensors(_ prefix: String) throws -> [Tensor] {
        try parameters.parameters.map { parameter in
          let name = prefix + parameter.name
          guard let tensor = values[name] else { throw invalid("\(name) \(parameter.shape) is missing") }
          guard tensor.shape == parameter.shape else {
            throw invalid("\(name) is \(tensor.shape), not \(parameter.shape)")
          }
          return tensor
        }
      }
      optimizer.firstMoments = try tensors(firstMoment)
      optimizer.infinityNorms = try tensors(infinityNorm)
      optimizer.step = summary.optimizerStep
    }
    var state = TrainingState(configuration: configuration, parameters: parameters, optimizer: optimizer)
    state.progress = summary.progress
    state.run = summary.run
    return (model, state)
  }
}
