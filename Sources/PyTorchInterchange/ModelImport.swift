import Files
import Foundation
import ImageDatasets
import NeuralNetworks
import Runs
import Safetensors
import Tensors
import VariationalAutoencoder

/// Imports a model from a state dict of the published PyTorch code, in safetensors; the counterpart of ``ModelExport``.
public struct ModelImport: Sendable {
  /// The model.
  public let model: VariationalAutoencoder
  /// The state of a run before its first step, with the imported parameters.
  public let state: TrainingState
  /// The state dict.
  public let stateDict: PublishedStateDict
  /// Whether the file's metadata contained the architecture.
  public let isDescribed: Bool
  /// What the names and shapes of the tensors leave open, and which choices were made.
  public let notes: [InferenceNote]

  /// Imports a model.
  ///
  /// The architecture is the one that ``ModelExport`` wrote to the metadata, or otherwise a preset's, as far as names
  /// and shapes of the tensors do not determine it.
  ///
  /// - Parameters:
  ///   - url: The file.
  ///   - preset: The preset to begin with, in place of the metadata; nil to use the metadata, or else `Preset.paper`.
  ///   - dataset: The dataset that the model is for.
  ///   - memoryLimit: How much memory the file's contents may take.
  ///   - change: Changes the architecture that was found.
  /// - Throws: `SafetensorsError` for a damaged file; `RunError.invalidModel`, which names every
  ///   tensor that is missing, misshaped or not part of the model; `RunError.invalidValue` for an invalid
  ///   change.
  public init(
    _ url: URL, preset: Preset? = nil, dataset: String? = nil, memoryLimit: MemoryLimit = .standard,
    change: (inout ModelConfiguration) -> Void = { _ in }
  ) throws {
    stateDict = try PublishedStateDict(url, memoryLimit: memoryLimit)
    let path = stateDict.path
    let outline = stateDict.outline
    for kind in PosteriorKind.allCases {
      guard let reason = kind.posterior.unsupported(outline) else { continue }
      throw RunError.invalidModel(path: path, reason: reason)
    }
    var configuration: TrainingConfiguration
    if preset == nil, var described = try Self.described(stateDict) {
      described.model.posterior.readBuffers(&described.model, from: outline)
      configuration = described
      isDescribed = true
      notes = []
    } else {
      let pixels = LikelihoodKind(outline).likelihood.pixels
      let standard = DatasetCatalog.standard(for: PixelKind.allCases.first { $0.values == pixels } ?? .binary)
      configuration = (preset ?? .paper).configuration(dataset: dataset ?? standard.rawValue)
      isDescribed = false
      notes = configuration.model.infer(outline)
    }
    if let dataset { configuration.dataset = dataset }
    // An exported model does not say which images it was trained on.
    configuration.dataDigest = nil
    let found = configuration.model
    change(&configuration.model)
    do { try configuration.validate() } catch {
      guard configuration.model == found else { throw error }
      throw RunError.invalidModel(path: path, reason: "its tensors are of no model that can be: \(error)")
    }
    let parameters: ParameterSet
    // Where the widths were given, they are not the cause of a mismatch.
    let areNamed = isDescribed || configuration.model.hidden != found.hidden
    let cause = areNamed ? nil : configuration.model.posterior.mismatchCause(configuration.model)
    (model, parameters) = try Self.make(configuration, stateDict, cause)
    state = TrainingState(configuration: configuration, parameters: parameters)
  }

  private static func described(_ stateDict: PublishedStateDict) throws -> TrainingConfiguration? {
    guard let json = stateDict.metadata[ModelExport.configurationKey] else { return nil }
    guard json.utf8.count <= SafetensorsFile.longestJSON else {
      throw RunError.invalidModel(
        path: stateDict.path,
        reason: "the configuration in its metadata takes \(json.utf8.count) bytes, and "
          + "\(SafetensorsFile.longestJSON) are the limit")
    }
    do { return try TrainingConfiguration(json: json) } catch {
      throw RunError.invalidModel(
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
    func mismatch(_ validationErrors: [String]) -> RunError {
      let model = configuration.model
      return .invalidModel(
        path: stateDict.path,
        reason: PublishedStateDict.list(
          validationErrors,
          "do not fit the model (latent \(model.latent), \(model.posteriorSummary), "
            + "\(model.imageHeight)x\(model.imageWidth) pixels)")
          + "\n" + (cause.map { $0 + "\n" } ?? "")
          + "Say how the model is built; tensors that are not of it must be left out of the file.")
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
