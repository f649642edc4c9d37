import Files
import Foundation
import NeuralNetworks
import Safetensors
import Tensors
import VariationalAutoencoder

/// Checkpoint files, which hold the state of a run or a model: a zstd frame around a safetensors file.
///
/// `zstd -d` gives a file that every safetensors reader opens. Parameters have the names and shapes of the published
/// PyTorch model. With a prefix before the parameter's name, `average.` is their moving average,
/// `optimizer.first_moment.` the optimizer's first moments, and `optimizer.infinity_norm.` (Adamax) or
/// `optimizer.second_moment.` (Adam) its second. The metadata have configuration and progress as JSON, and the
/// identities of the images trained on. All randomness is a function of the configuration's seed and the progress's
/// step, so that these two are also the random state and the position in the data.
///
/// A checkpoint of a model alone has the parameters (their average, where the run had one), with 16 or 32 bits per
/// number, and nothing of the optimizer. It can be used, and a new run can begin with its parameters, but no run can
/// be resumed from it.
public enum Checkpoint {
  /// The file name of the newest state of a run.
  public static let lastName = "last.safetensors.zst"
  /// The file name of the state with the best validation bound.
  public static let bestName = "best.safetensors.zst"

  package static let kind = "ffjord-vae checkpoint"
  /// The kind of checkpoints of density models, which other commands take.
  package static let densityKind = "ffjord-vae density checkpoint"
  /// What a configuration of a density model's run has in its place.
  package static let densityRunKind = "density"
  private static let trainedImagesKey = "trained_images"
  private static let firstMoment = "optimizer.first_moment."
  private static let average = "average."
  private static let modelAlone = "model"

  private static func secondMoment(_ method: OptimizationMethod) -> String {
    switch method {
    case .adamax: "optimizer.infinity_norm."
    case .adam: "optimizer.second_moment."
    }
  }

  /// Tensors of a run, one for each parameter.
  package enum TensorKind: String, Codable, Sendable {
    case parameter, firstMoment, secondMoment, average
  }

  /// Gives the whole tensor of a parameter of which the state has only some rows.
  package typealias RowCollector = (_ kind: TensorKind, _ index: Int) -> Tensor

  /// Writes a state atomically.
  ///
  /// - Returns: The file's size in bytes.
  /// - Throws: ``RunError/diverged(step:reason:checkpoint:)`` where a number is not finite, in which case the
  ///   previous file is kept; `FileError`
  @discardableResult
  public static func write(_ state: TrainingState, to url: URL) throws -> Int {
    try write(state, to: url, collecting: nil)
  }

  /// Writes a state atomically, of which other ranks may have rows: whole tensors are in memory one at a time.
  package static func write(_ state: TrainingState, to url: URL, collecting collector: RowCollector?) throws -> Int {
    var tensors: [SafetensorsTensor] = []
    func add(_ prefix: String, _ kind: TensorKind, _ place: Int, _ tensor: Tensor) throws {
      let parameter = state.parameters.parameters[place]
      let name = prefix + parameter.name
      try require(tensor, name, in: state)
      guard let collector, tensor.shape != parameter.shape else {
        tensors.append(try ParameterStorage.float32.stored(name, tensor, path: url.path))
        return
      }
      tensors.append(
        SafetensorsTensor(name: name, elementType: .float32, shape: parameter.shape) { consume in
          let whole = collector(kind, place)
          try require(whole, name, in: state)
          try whole.withBytes { try consume($0) }
        })
    }
    for i in state.parameters.parameters.indices {
      try add("", .parameter, i, state.parameters.tensors[i])
      try add(firstMoment, .firstMoment, i, state.optimizer.firstMoments[i])
      try add(secondMoment(state.optimizer.method), .secondMoment, i, state.optimizer.secondMoments[i])
      if let averages = state.average, !averages.isEmpty {
        try add(average, .average, i, averages.parameters.tensors[i])
      }
    }
    return try SafetensorsWriter.write(to: url, tensors: tensors, metadata: metadata(state))
  }

  /// Writes the model of a state alone: its parameters, or their average where there is one.
  ///
  /// - Parameters:
  ///   - state: The state.
  ///   - url: The file.
  ///   - storage: The type in which the parameters are stored.
  /// - Returns: The file's size in bytes.
  /// - Throws: `FileError`; ``RunError/unwritable(path:reason:)`` for a number beyond the type's range.
  @discardableResult
  public static func writeModel(_ state: TrainingState, to url: URL, as storage: ParameterStorage) throws -> Int {
    var state = state
    // The model no longer belongs to a run, and paths on this machine are private.
    state.run = nil
    state.configuration.dataDirectory = nil
    state.configuration.initialCheckpoint = nil
    let parameters = state.modelParameters
    let tensors = try zip(parameters.parameters, parameters.tensors).map {
      try require($1, $0.name, in: state)
      return try storage.stored($0.name, $1, path: url.path)
    }
    // The file is written once and read often, which is worth the slowest compression: it saves a few per cent of
    // 16-bit numbers.
    return try SafetensorsWriter.write(
      to: url, tensors: tensors, metadata: metadata(state).merging(["contents": modelAlone]) { $1 },
      compression: .zstd(level: 19))
  }

  /// Checks that all numbers of a tensor are finite.
  private static func require(_ tensor: Tensor, _ name: String, in state: TrainingState) throws(RunError) {
    if let error = tensor.validationError { throw .diverged(step: state.progress.step, reason: "\(name) \(error)") }
  }

  private static func metadata(_ state: TrainingState) throws -> [String: String] {
    var metadata = [
      "kind": kind, "version": "1", "format": "pt", "role": (state.run == nil ? Role.model : .training).rawValue,
      "configuration": try state.configuration.json(),
      "progress": try state.progress.json(),
      "optimizer_step": String(state.optimizer.step),
    ]
    metadata["run"] = state.run
    metadata[trainedImagesKey] = state.trainedImages?.encoded
    return metadata
  }

  /// The role of a checkpoint.
  public enum Role: String, Sendable {
    /// The state of a run, which the metadata's `run` identifies.
    case training
    /// A model that belongs to no run: one that was imported, or exported alone.
    case model
  }

  /// The description of a checkpoint, which is read from its header alone.
  public struct Summary: Sendable {
    /// The file.
    public let url: URL
    /// The configuration of its run.
    public let configuration: TrainingConfiguration
    /// How far its run had come.
    public let progress: TrainingProgress
    /// The number of the optimizer's updates.
    public let optimizerStep: Int
    /// Its role; nil in a checkpoint of an older program.
    public let role: Role?
    /// The identifier of its run; nil where there is none.
    public let run: String?
    /// The entries of all tensors.
    public let entries: [SafetensorsEntry]
    /// The file's size in bytes.
    public let fileByteCount: Int
    /// Whether the file holds a model alone, from which no run can be resumed.
    public let isModelAlone: Bool

    /// The entries of the parameters, without the optimizer's tensors and the averages.
    public var parameters: [SafetensorsEntry] {
      entries.filter { !$0.name.hasPrefix("optimizer.") && !$0.name.hasPrefix(Checkpoint.average) }
    }
    /// The number of elements of the parameters.
    public var parameterCount: Int { parameters.reduce(0) { $0 + $1.elementCount } }
    /// Whether the file has the moving average of its parameters.
    public var hasAverage: Bool { entries.contains { $0.name.hasPrefix(Checkpoint.average) } }
  }

  /// Reads the description of a checkpoint, but not its tensors.
  ///
  /// - Parameters:
  ///   - url: The file.
  ///   - memoryLimit: How much memory the file's contents may take.
  /// - Throws: `SafetensorsError`; ``RunError/invalidCheckpoint(path:reason:)``
  public static func summary(of url: URL, memoryLimit: MemoryLimit = .standard) throws -> Summary {
    try summary(of: SafetensorsFile(url, memoryLimit: memoryLimit))
  }

  private static func summary(of file: SafetensorsFile) throws -> Summary {
    func invalid(_ reason: String) -> RunError { .invalidCheckpoint(path: file.path, reason: reason) }
    guard file.metadata["kind"] == kind else {
      if file.metadata["kind"] == densityKind {
        throw invalid("it holds a density model, not an autoencoder, and is for the commands of 'density'")
      }
      let isStateDict = file.metadata["format"] == "pt"
      throw invalid(
        "its metadata do not say that it is one; it is a safetensors file of another origin"
          + (isStateDict ? ", perhaps a state dict of PyTorch, which 'import' makes a checkpoint of" : ""))
    }
    try file.requireVersion()
    let configuration: TrainingConfiguration
    let text = try file.json("configuration") ?? ""
    do { configuration = try TrainingConfiguration(json: text) } catch {
      throw invalid("the configuration in its metadata cannot be read: \(error)")
    }
    do { try configuration.validate() } catch { throw invalid(error.description) }
    let progress = try file.decoded("progress", TrainingProgress.self)
    guard progress.isPlausible,
      let optimizerStep = file.metadata["optimizer_step"].flatMap({ Int($0) }),
      (0...TrainingProgress.stepLimit).contains(optimizerStep)
    else { throw invalid("its progress makes no sense") }
    return Summary(
      url: URL(filePath: file.path), configuration: configuration, progress: progress,
      optimizerStep: optimizerStep, role: file.metadata["role"].flatMap { Role(rawValue: $0) },
      run: file.metadata["run"], entries: file.entries, fileByteCount: Int(file.byteCount),
      isModelAlone: file.metadata["contents"] == modelAlone)
  }

  /// Which parameters of a run its model is used with.
  public enum ParameterChoice: Sendable {
    /// The moving average where the run has one, otherwise the parameters.
    case averaged
    /// The parameters after the last update.
    case raw
  }

  /// Reads a checkpoint: the model, and with `includingOptimizer` the whole state of the run.
  ///
  /// Other tensors are skipped.
  ///
  /// - Parameters:
  ///   - url: The file.
  ///   - includingOptimizer: Whether to read the optimizer's tensors and the averages too, as for resuming a run.
  ///   - choice: Which parameters the state has; without the optimizer only.
  ///   - memoryLimit: How much memory the file's contents may take.
  /// - Throws: `SafetensorsError` for a file that is damaged, or whose tensors take more memory than it may;
  ///   ``RunError/invalidCheckpoint(path:reason:)`` where tensors do not fit the configuration or a number is not
  ///   finite; ``RunError/notEnoughMemory(_:needed:available:)``
  public static func read(
    _ url: URL, includingOptimizer: Bool, parameters choice: ParameterChoice = .averaged,
    memoryLimit: MemoryLimit = .standard
  ) throws -> (model: VariationalAutoencoder, state: TrainingState) {
    let file = try SafetensorsFile(url, memoryLimit: memoryLimit)
    let summary = try summary(of: file)
    func invalid(_ reason: String) -> RunError { .invalidCheckpoint(path: file.path, reason: reason) }
    if includingOptimizer, summary.isModelAlone {
      throw RunError.modelAlone(path: file.path)
    }
    let configuration = summary.configuration
    // The model's tensors have this prefix; resuming a run takes all tensors.
    let prefix = !includingOptimizer && choice == .averaged && summary.hasAverage ? average : ""
    let wanted = try CheckpointTensors(
      of: VariationalAutoencoder.layout(configuration.model),
      under: includingOptimizer ? prefixesOfState(summary) : [prefix],
      types: summary.isModelAlone ? [.float32, .bfloat16, .float16] : [.float32], in: file)
    let stored = try StoredTensors(file, where: wanted.contains)
    let model: VariationalAutoencoder
    let parameters: ParameterSet
    do {
      (model, parameters) = try VariationalAutoencoder.make(
        configuration.model, values: stored.under(prefix), solver: configuration.solverOptions(),
        gradient: configuration.gradient)
    } catch let mismatch as ParameterMismatch {
      throw invalid(mismatch.description)
    }
    var state = TrainingState(
      configuration: configuration, parameters: parameters,
      optimizer: Optimizer(
        configuration.optimizer, for: ParameterSet(), learningRate: configuration.learningRate,
        weightDecay: configuration.weightDecay))
    state.average = nil
    state.progress = summary.progress
    state.run = summary.run
    if let text = file.metadata[trainedImagesKey] {
      guard let images = TrainedImages(encoded: text) else { throw invalid("its list of trained images is damaged") }
      state.trainedImages = images
    }
    if includingOptimizer { try restore(&state, from: stored, summary) }
    return (model, state)
  }

  /// The prefixes of all tensors of a run's state, that of the parameters themselves being empty.
  private static func prefixesOfState(_ summary: Summary) -> [String] {
    let configuration = summary.configuration
    return ["", firstMoment, secondMoment(configuration.optimizer)]
      + (configuration.average != nil && summary.hasAverage ? [average] : [])
  }

  /// Restores what a run needs beside its parameters: the optimizer's moments, and the average of the parameters, which
  /// begins with them where the checkpoint has none yet.
  private static func restore(
    _ state: inout TrainingState, from stored: StoredTensors, _ summary: Summary
  ) throws(RunError) {
    let (configuration, parameters) = (summary.configuration, state.parameters)
    state.optimizer.firstMoments = try stored.tensors(of: parameters.parameters, under: firstMoment)
    state.optimizer.secondMoments = try stored.tensors(
      of: parameters.parameters, under: secondMoment(configuration.optimizer))
    state.optimizer.step = summary.optimizerStep
    guard let decay = configuration.average else { return }
    guard summary.hasAverage else {
      state.average = ParameterAverage(decay: decay, of: parameters)
      return
    }
    var averaged = parameters
    averaged.tensors = try stored.tensors(of: parameters.parameters, under: average)
    state.average = ParameterAverage(decay: decay, resuming: averaged)
  }
}
