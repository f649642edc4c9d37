import Files
import Foundation
import NeuralNetworks
import Runs
import Safetensors
import Tensors

/// Checkpoint files of density models: a zstd frame around a safetensors file, as those of autoencoders are.
///
/// It holds the parameters under their names, and with a prefix before the name the optimizer's moments
/// (`optimizer.first_moment.`, `optimizer.second_moment.`) and buffers (`buffer.`); of tables also
/// `standardization.mean` and `standardization.deviation`. The metadata have configuration and progress as JSON. All
/// randomness is a function of the configuration's seed and the progress's step.
public enum DensityCheckpoint {
  static let kind = Checkpoint.densityKind
  private static let firstMoment = "optimizer.first_moment."
  private static let secondMoment = "optimizer.second_moment."
  private static let buffer = "buffer."
  private static let mean = "standardization.mean"
  private static let deviation = "standardization.deviation"
  /// How the names of tensors begin that are not parameters.
  static let otherTensors = [firstMoment, secondMoment, buffer, mean, deviation]

  /// Writes a state atomically.
  ///
  /// - Throws: `RunError.diverged` where a number is not finite, in which case the previous file is kept; `FileError`
  public static func write(_ state: DensityState, to url: URL) throws {
    var tensors: [SafetensorsTensor] = []
    func add(_ name: String, _ tensor: Tensor) throws {
      if let error = tensor.validationError {
        throw RunError.diverged(step: state.progress.step, reason: "\(name) \(error)")
      }
      tensors.append(try ParameterStorage.float32.stored(name, tensor, path: url.path))
    }
    for (i, parameter) in state.parameters.parameters.enumerated() {
      try add(parameter.name, state.parameters.tensors[i])
      try add(firstMoment + parameter.name, state.optimizer.firstMoments[i])
      try add(secondMoment + parameter.name, state.optimizer.secondMoments[i])
    }
    for (i, parameter) in state.buffers.parameters.enumerated() {
      try add(buffer + parameter.name, state.buffers.tensors[i])
    }
    if let standardization = state.standardization {
      for (name, values) in [(mean, standardization.mean), (deviation, standardization.deviation)] {
        tensors.append(SafetensorsTensor(name: name, shape: [values.count], values: values))
      }
    }
    var metadata = [
      "kind": kind, "version": "1", "format": "pt", "configuration": try state.configuration.json(),
      "progress": try state.progress.json(), "optimizer_step": String(state.optimizer.step),
    ]
    metadata["run"] = state.run
    metadata["columns"] = try state.columns?.json()
    _ = try SafetensorsWriter.write(to: url, tensors: tensors, metadata: metadata)
  }

  /// The description of a checkpoint, which is read from its header alone.
  struct Header {
    let configuration: DensityConfiguration
    let progress: DensityProgress
    let optimizerStep: Int
    let run: String?

    /// Where in its run the checkpoint was saved.
    var position: CheckpointPosition { progress.position(in: run) }
  }

  static func header(_ file: SafetensorsFile) throws -> Header {
    func invalid(_ reason: String) -> RunError { .invalidCheckpoint(path: file.path, reason: reason) }
    guard file.metadata["kind"] == kind else {
      throw invalid(
        file.metadata["kind"] == Checkpoint.kind
          ? "it holds an autoencoder, not a density model" : "its metadata do not say that it holds a density model")
    }
    try file.requireVersion()
    let configuration = try file.decoded("configuration", DensityConfiguration.self)
    do { try configuration.validate() } catch { throw invalid(error.description) }
    guard configuration.dimensions != nil else { throw invalid("its configuration lacks the number of dimensions") }
    let progress = try file.decoded("progress", DensityProgress.self)
    guard progress.isPlausible, let step = file.metadata["optimizer_step"].flatMap({ Int($0) }),
      (0...TrainingProgress.stepLimit).contains(step)
    else { throw invalid("its progress makes no sense") }
    return Header(configuration: configuration, progress: progress, optimizerStep: step, run: file.metadata["run"])
  }

  /// Reads the configuration of a checkpoint and how far its run had come, but not its tensors.
  ///
  /// - Throws: `SafetensorsError`, `RunError.invalidCheckpoint`
  static func header(of url: URL) throws -> Header { try header(SafetensorsFile(url)) }

  /// Whether a file is a checkpoint of a density model, whose tensors may be damaged.
  public static func isOne(_ url: URL) -> Bool { (try? SafetensorsFile(url))?.metadata["kind"] == kind }

  /// Reads a checkpoint: the model and its state; without the optimizer's moments if they are not wanted.
  ///
  /// - Parameters:
  ///   - url: The file.
  ///   - includingOptimizer: Whether to read the optimizer's moments too, as for resuming a run.
  ///   - memoryLimit: How much memory the file's contents may take.
  /// - Throws: `SafetensorsError` for a file that is damaged; `RunError.invalidCheckpoint` where tensors do not fit the
  ///   configuration or a number is not finite; `RunError.notEnoughMemory`
  public static func read(
    _ url: URL, includingOptimizer: Bool, memoryLimit: MemoryLimit = .standard
  ) throws -> (model: DensityModel, state: DensityState) {
    let file = try SafetensorsFile(url, memoryLimit: memoryLimit)
    let header = try header(file)
    func invalid(_ reason: String) -> RunError { .invalidCheckpoint(path: file.path, reason: reason) }
    let layout = DensityModel.layout(header.configuration)
    let prefixes = [""] + (includingOptimizer ? [firstMoment, secondMoment] : [])
    let wanted = [
      try CheckpointTensors(of: layout.parameters, under: prefixes, in: file),
      try CheckpointTensors(of: layout.buffers, under: [buffer], in: file),
    ]
    let stored = try StoredTensors(file) { entry in
      wanted.contains { $0.contains(entry) } || entry.name == mean || entry.name == deviation
    }
    let made = try DensityModel.make(
      header.configuration, in: DensityBuilder(values: stored.under(""), buffers: stored.under(buffer)))
    if let problem = made.model.layers.problem(with: made.buffers) { throw invalid(problem) }
    var state = DensityState(header.configuration, made.parameters, buffers: made.buffers)
    state.progress = header.progress
    state.run = header.run
    if file.metadata["columns"] != nil {
      let columns = try file.decoded("columns", [String].self)
      guard columns.count == header.configuration.dimensions else {
        throw invalid("it names \(columns.count) columns of \(header.configuration.dimensions ?? 0)")
      }
      state.columns = columns
    }
    if includingOptimizer {
      state.optimizer.firstMoments = try stored.tensors(of: made.parameters.parameters, under: firstMoment)
      state.optimizer.secondMoments = try stored.tensors(of: made.parameters.parameters, under: secondMoment)
      state.optimizer.step = header.optimizerStep
    }
    state.standardization = try standardization(stored, dimensions: header.configuration.dimensions ?? 0, invalid)
    guard state.standardization != nil || state.columns == nil else {
      throw invalid("it names columns, and has no \(mean) and \(deviation)")
    }
    return (made.model, state)
  }

  /// The standardization of a table's columns; nil without one.
  private static func standardization(
    _ stored: StoredTensors, dimensions: Int, _ invalid: (String) -> RunError
  ) throws -> Standardization? {
    guard stored[mean] != nil || stored[deviation] != nil else { return nil }
    guard let means = stored[mean], let deviations = stored[deviation] else {
      throw invalid("it has one of \(mean) and \(deviation), and both are needed")
    }
    guard means.shape == [dimensions], deviations.shape == [dimensions], deviations.doubles().allSatisfy({ $0 > 0 })
    else { throw invalid("its standardization does not fit \(dimensions) dimensions") }
    return Standardization(mean: means.doubles(), deviation: deviations.doubles())
  }
}
