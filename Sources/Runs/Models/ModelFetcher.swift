import Foundation
import ImageDatasets

/// Fetches the files of models, and verifies their digests.
public struct ModelFetcher: Sendable {
  private let fetcher: DatasetFetcher

  /// A fetcher that waits `timeout` seconds for a server that sends nothing.
  public init(timeout: Double = 30) { fetcher = DatasetFetcher(timeout: timeout) }

  /// Fetches a model's checkpoint into its folder; a file that is there and whole stays.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - folder: The folder whose list has it.
  ///   - source: The address or the path of a folder that holds the file.
  ///   - isReplacing: Whether to replace a file that is not the model's.
  ///   - progress: Takes the progress.
  /// - Returns: The place of the file.
  /// - Throws: `DatasetError`: the file cannot be fetched or written, or its digest is not the model's.
  @discardableResult
  public func fetch(
    _ model: ShippedModel, into folder: ModelFolder, from source: String, isReplacing: Bool = false,
    progress: DatasetFetcher.Progress? = nil
  ) async throws(DatasetError) -> URL {
    let destination = folder.file(of: model)
    let form = DatasetFile.Form(
      checksum: Checksum(.sha256, model.sha256), origin: "the model \(model.name)", isPublished: true)
    let file = DatasetFile(
      relativePaths: [model.file], address: Self.address(of: source).appending(path: model.file), knownForms: [form])
    try await fetcher.fetch(file, to: destination, isReplacing, progress)
    return destination
  }

  /// A source as an address: that of a folder, unless it has a scheme.
  private static func address(of source: String) -> URL {
    if source.contains("://"), let url = URL(string: source) { return url }
    return URL(filePath: source, directoryHint: .isDirectory)
  }
}
