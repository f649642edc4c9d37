import Files
import Foundation

/// A folder of trained models, each a checkpoint with a model card beside it, and their list, `models.json`.
public struct ModelFolder: Sendable {
  /// The folder.
  public let url: URL
  /// The models of its list, whether or not their files are there.
  public let models: [ShippedModel]
  /// The address or the folder that the files can be fetched from; nil where the list names none.
  public let source: String?

  /// The name of the list.
  public static let listName = "models.json"

  private struct List: Decodable {
    let source: String?
    let models: [ShippedModel]
  }

  /// Reads the list of a folder; nil where there is none.
  ///
  /// - Throws: ``RunError/unreadable(path:reason:)``; ``RunError/invalidRun(path:reason:)`` where the list is damaged.
  init?(_ url: URL) throws(RunError) {
    let file = url.appending(path: Self.listName)
    guard FileManager.default.isDirectory(atPath: file.path) == false else { return nil }
    func invalid(_ reason: String) -> RunError { .invalidRun(path: file.relativePath, reason: reason) }
    guard let data = try Data(ifPresent: file) else { return nil }
    guard let list = try? JSONDecoder().decode(List.self, from: data) else { throw invalid("it is no list of models") }
    if let error = list.models.lazy.compactMap(\.validationError).first { throw invalid(error) }
    (self.url, models, source) = (url, list.models, list.source)
  }

  /// The place of a model's checkpoint, which may not be there.
  public func file(of model: ShippedModel) -> URL { url.appending(path: model.file) }
  /// The place of a model's card, which may not be there.
  public func card(of model: ShippedModel) -> URL { url.appending(path: model.card) }
}
