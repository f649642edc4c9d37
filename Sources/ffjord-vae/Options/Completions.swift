import ArgumentParser
import Files
import Foundation
import ImageDatasets
import Inference
import Runs

// What a shell offers after an option or in the place of an argument. What is known when the shell reads the script is in
// the script; for the rest it asks the program.

extension CompletionKind {
  /// The names of trained models whose files are there, folders of runs, and checkpoint files.
  static let checkpoint = custom { _, _, typed in
    models(typed) { $0.folder.hasFile(of: $0.model) } + PathCompletion(kind: kindOfModel).paths(typed)
  }

  /// Folders of runs, and checkpoint files: what a run can go on from.
  static let resumable = custom { _, _, typed in PathCompletion(kind: kindOfModel).paths(typed) }

  /// The names of trained models.
  static let model = custom { _, _, typed in models(typed) { _ in true } }

  private static func models(
    _ typed: String, where isMeant: ((model: ShippedModel, folder: ModelFolder)) -> Bool
  ) -> [String] {
    ((try? ModelCatalog().models()) ?? []).filter(isMeant).map(\.model.name).filter { $0.hasPrefix(typed) }
  }

  /// Folders of runs.
  static let run = custom { _, _, typed in
    PathCompletion { kindOfModel($0, isRunWanted: true) }.paths(typed)
  }

  /// The names of datasets, and paths of images.
  static let dataset = custom { _, _, typed in datasets(typed) }

  /// What images can be ranked against: images that are made, and datasets.
  static let otherImages = custom { _, _, typed in
    OutOfDistributionImages.allCases.map(\.rawValue).filter { $0.hasPrefix(typed) } + datasets(typed)
  }

  /// The names of known datasets.
  static let knownDataset = list(DatasetCatalog.names)

  @Sendable private static func datasets(_ typed: String) -> [String] {
    DatasetCatalog.names.filter { $0.hasPrefix(typed) } + PathCompletion(kind: kindOfImages).paths(typed)
  }

  @Sendable private static func kindOfModel(_ url: URL) -> PathCompletion.Kind {
    kindOfModel(url, isRunWanted: false)
  }

  private static func kindOfModel(_ url: URL, isRunWanted: Bool) -> PathCompletion.Kind {
    if FileManager.default.isDirectory(atPath: url.path) == true {
      return RunDirectory(url.path).holdsRun ? .wanted : .folder
    }
    return !isRunWanted && url.lastPathComponent.hasSuffix(".safetensors.zst") ? .wanted : .other
  }

  @Sendable private static func kindOfImages(_ url: URL) -> PathCompletion.Kind {
    if FileManager.default.isDirectory(atPath: url.path) == true { return .folder }
    return ["npz", "npy", "mat"].contains(url.pathExtension) ? .wanted : .other
  }
}
