import Foundation
import ImageDatasets
import NormalizingFlows
import VariationalAutoencoder

extension TrainingConfiguration {
  /// Reads the configuration of a new run from a JSON file: the `config.json` of a run, or a part of one.
  ///
  /// Missing fields are those of the preset that the file names, or of the preset ``Preset/paper``.
  ///
  /// - Throws: ``RunError/missingConfiguration(path:)``, ``RunError/unreadable(path:reason:)``; ``RunError/invalidConfigurationFile(path:reason:)``
  ///   for a file that is not a JSON object, an unknown key, or a value of the wrong type.
  public init(file url: URL) throws(RunError) {
    let path = url.relativePath
    func invalid(_ reason: String) -> RunError { .invalidConfigurationFile(path: path, reason: reason) }
    guard let data = try Data(ifPresent: url) else { throw .missingConfiguration(path: path) }
    guard var given = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else {
      throw invalid("it is no JSON object")
    }
    // The identifier of the run is not part of its configuration.
    given["run"] = nil
    if given["kind"] as? String == Checkpoint.densityRunKind {
      throw invalid("it is of a density model, and an autoencoder is to be trained")
    }
    do {
      let known = try Self.withEveryField.jsonObject()
      if let key = Self.unknownKey(given, known: known, path: "") {
        throw invalid("there is no \(key) in a configuration; see the config.json of a run")
      }
      let defaults = try Self.defaults(for: given).jsonObject()
      do { self = try Self.decoded(Self.merged(defaults, given)) } catch {
        // The decoder does not name the key of a number that does not fit.
        guard let (key, value) = Self.unusable(given, known: known, { try Self.decoded(Self.merged(defaults, $0)) })
        else { throw error }
        throw invalid("\(key) cannot be \(value); see the config.json of a run")
      }
    } catch let error as RunError {
      throw error
    } catch let error as DecodingError {
      throw invalid(error.place)
    } catch {
      throw invalid(error.localizedDescription)
    }
  }

  private static func decoded(_ object: [String: Any]) throws -> TrainingConfiguration {
    try JSONDecoder().decode(TrainingConfiguration.self, from: JSONSerialization.data(withJSONObject: object))
  }

  /// The first key that alone makes a configuration invalid, and its value.
  private static func unusable(
    _ given: [String: Any], known: [String: Any], _ decode: ([String: Any]) throws -> TrainingConfiguration
  ) -> (key: String, value: Any)? {
    for (key, value) in given.sorted(by: { $0.key < $1.key }) {
      if (try? decode([key: value])) != nil { continue }
      if let value = value as? [String: Any], let inner = known[key] as? [String: Any],
        let (nested, value) = unusable(value, known: inner, { try decode([key: $0]) })
      {
        return ("\(key).\(nested)", value)
      }
      return (key, value)
    }
    return nil
  }

  /// The preset's configuration for the dataset and the posterior that a file names.
  private static func defaults(for given: [String: Any]) -> TrainingConfiguration {
    let model = given["model"] as? [String: Any]
    func named<Kind: RawRepresentable<String>>(_ value: Any?) -> Kind? { (value as? String).flatMap(Kind.init) }
    return (named(given["preset"]) ?? Preset.paper).configuration(
      dataset: given["dataset"] as? String ?? DatasetCatalog.standard().rawValue,
      flow: named(model?["flow"]) ?? .ffjord, amortization: named(model?["amortization"]) ?? .lowRank)
  }

  /// A configuration with all optional fields set, whose keys are all valid keys.
  static var withEveryField: TrainingConfiguration {
    var configuration = TrainingConfiguration()
    configuration.dataDirectory = ""
    configuration.preparation.size = ImageSize(height: 28, width: 28)
    configuration.dataDigest = ""
    configuration.model = .withEveryField
    configuration.steps = 1
    configuration.clipNorm = 1
    configuration.average = 0
    configuration.trainingTolerance = 1
    configuration.initialCheckpoint = ""
    configuration.limitTrain = 1
    configuration.limitEvaluation = 1
    return configuration
  }

  private func jsonObject() throws -> [String: Any] {
    try JSONSerialization.jsonObject(with: JSONEncoder().encode(self)) as? [String: Any] ?? [:]
  }

  private static func unknownKey(_ given: [String: Any], known: [String: Any], path: String) -> String? {
    for (key, value) in given.sorted(by: { $0.key < $1.key }) {
      guard let expected = known[key] else { return path + key }
      if let value = value as? [String: Any], let expected = expected as? [String: Any],
        let nested = unknownKey(value, known: expected, path: "\(path)\(key).")
      {
        return nested
      }
    }
    return nil
  }

  /// Defaults, overridden by the given values, also within nested objects.
  static func merged(_ defaults: [String: Any], _ given: [String: Any]) -> [String: Any] {
    defaults.merging(given) { old, new in
      guard let old = old as? [String: Any], let new = new as? [String: Any] else { return new }
      return merged(old, new)
    }
  }
}

extension DecodingError {
  /// The key and what is wrong with its value, in words.
  fileprivate var place: String {
    func key(_ context: Context) -> String { context.codingPath.map(\.stringValue).joined(separator: ".") }
    switch self {
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context),
      .keyNotFound(_, let context):
      return "\(key(context)): \(context.debugDescription)"
    @unknown default: return "\(self)"
    }
  }
}
