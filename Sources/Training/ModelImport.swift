import Files
import Foundation
import ImageDatasets
import NeuralNetworks
import Safetensors
import Tensors
import VariationalAutoencoder

/// Models from a state dict of the published PyTorch code, in safetensors; the counterpart of ``ModelExport``.
public struct ModelImport: Sendable {
  public let model: VariationalAutoencoder
  /// The state of a run before its first step.
  public let state: TrainingState
  public let stateDict: PublishedStateDict
  /// Whether the file's metadata said how the model is built.
  public let isDescribed: Bool
  /// What names and shapes leave open and how it was taken, in words.
  public let notes: [String]

  /// Reads a model.
  ///
  /// How it is built is what ``ModelExport`` wrote into the metadata; without that, a preset's configuration with all
  /// that names and shapes tell.
  ///
  /// - Parameters:
  ///   - preset: The preset to begin with, whatever the metadata say.
  ///   - dataset: The dataset that the model is for.
  ///   - memoryLimit: The memory that the file's contents may take.
  ///   - change: Changes the model that was found; its word is the last.
  /// - Throws: ``SafetensorsError`` for a damaged file; ``TrainingError/invalidModel(path:reason:)`` that names every
  ///   tensor that is missing, misshaped or not the model's; ``TrainingError/invalidConfiguration(_:)`` for a change that
  ///   makes no sense.
  public init(
    _ url: URL, preset: Preset? = nil, dataset: String? = nil, memoryLimit: MemoryLimit = .standard,
    change: (inout ModelConfiguration) -> Void = { _ in }
  ) throws {
    stateDict = try PublishedStateDict(url, memoryLimit: memoryLimit)
    let path = stateDict.path
    if let reason = stateDict.unsupported { throw TrainingError.invalidModel(path: path, reason: reason) }
    var configuration: TrainingConfiguration
    if preset == nil, var described = try Self.described(stateDict) {
      _ = stateDict.inferTimes(&described.model)
      configuration = described
      isDescribed = true
      notes = []
    } else {
      // Grey images are those of Frey faces; binary ones are the same kind as those that the program draws.
      let isGrey = stateDict.values["p_x_mean.1.weight"] != nil
      configuration = (preset ?? .paper).configuration(dataset: dataset ?? (isGrey ? "freyfaces" : "glyphs"))
      isDescribed = false
      notes = stateDict.infer(&configuration.model)
    }
    if let dataset { configuration.dataset = dataset }
    // An exported model does not carry with it which images it was trained on.
    configuration.dataDigest = nil
    let found = configuration.model
    change(&configuration.model)
    do { try configuration.validate() } catch {
      guard configuration.model == found else { throw error }
      throw TrainingError.invalidModel(path: path, reason: "its tensors are of no model that can be: \(error)")
    }
    let parameters: ParameterSet
    // Whoever names the widths knows the cause.
    let areNamed = isDescribed || configuration.model.hidden != found.hidden
    let cause = areNamed ? nil : stateDict.hiddenCause(configuration.model)
    (model, parameters) = try Self.make(configuration, stateDict, cause)
    state = TrainingState(configuration: configuration, parameters: parameters)
  }

  private static func described(_ stateDict: PublishedStateDict) throws -> TrainingConfiguration? {
    guard let json = stateDict.metadata[ModelExport.configurationKey] else { return nil }
    guard json.utf8.count <= SafetensorsFile.longestJSON else {
      throw TrainingError.invalidModel(
        path: stateDict.path,
        reason: "the configuration in its metadata takes \(json.utf8.count) bytes, and "
          + "\(SafetensorsFile.longestJSON) are the limit")
    }
    do { return try TrainingConfiguration(json: json) } catch {
      throw TrainingError.invalidModel(
        path: stateDict.path, reason: "the configuration in its metadata cannot be read: \(error)")
    }
  }

  private static func make(
    _ configuration: TrainingConfiguration, _ stateDict: PublishedStateDict, _ cause: String?
  ) throws -> (VariationalAutoencoder, ParameterSet) {
    func others(than names: [String]) -> [String] {
      let known = Set(names)
      return stateDict.values.filter { !known.contains($0.key) }
        .map { "\($0.key) \($0.value.shape) is not of this model" }
    }
    func mismatch(_ validationErrors: [String]) -> TrainingError {
      let model = configuration.model
      return .invalidModel(
        path: stateDict.path,
        reason: PublishedStateDict.list(
          validationErrors,
          "do not fit the model (latent \(model.latent), \(model.posteriorSummary), "
            + "\(model.imageHeight)x\(model.imageWidth) pixels)")
          + "\n" + (cause.map { $0 + "\n" } ?? "")
          + "Say how the model is built with --flow, --amortization, --latent, --hidden, --blocks, --rank, --layer-type "
          + "or --activation; tensors that are not of it must be left out of the file.")
    }
    let made: (model: VariationalAutoencoder, parameters: ParameterSet)
    do {
      made = try VariationalAutoencoder.make(
        configuration.model, values: stateDict.values, solver: configuration.solverOptions(),
        gradient: configuration.gradient)
    } catch let error as ParameterMismatch {
      throw mismatch(error.validationErrors + others(than: error.names))
    }
    let extra = others(than: made.parameters.names)
    guard extra.isEmpty else { throw mismatch(extra) }
    return made
  }
}
