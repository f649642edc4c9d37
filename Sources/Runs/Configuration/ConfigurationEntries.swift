import Foundation
import TensorBoard

/// The entries of a configuration, under their keys in `config.json`. Nested keys are joined by dots, as in
/// `model.latent`.
struct ConfigurationEntries {
  /// The value of an entry.
  enum Value: Equatable {
    case flag(Bool)
    case whole(UInt64)
    case number(Double)
    case text(String)
    case list([Value])

    var text: String {
      switch self {
      case .flag(let flag): "\(flag)"
      case .whole(let number): "\(number)"
      case .number(let number): "\(number)"
      case .text(let text): text
      // As widths are written on the command line: 512-512.
      case .list(let values): values.map(\.text).joined(separator: "-")
      }
    }
  }

  let values: [String: Value]

  init(_ configuration: some Encodable) throws {
    let tree = try JSONDecoder().decode(Tree.self, from: JSONEncoder().encode(configuration))
    values = tree.leaves
  }

  /// The entries as a table in Markdown, sorted by their keys.
  var markdown: String {
    let rows = values.sorted { $0.key < $1.key }.map { "| `\($0.key)` | \(Self.escaped($0.value.text)) |" }
    return (["| key | value |", "|---|---|"] + rows).joined(separator: "\n")
  }

  /// A text, such as a path, with the special characters of Markdown and HTML escaped.
  private static func escaped(_ text: String) -> String {
    text.reduce(into: "") { result, character in
      switch character {
      case "\n", "\r", "\r\n": result += " "
      case "<": result += "&lt;"
      case "&": result += "&amp;"
      case "\\", "`", "*", "_", "[", "]", "|": result += "\\\(character)"
      default: result.append(character)
      }
    }
  }

  /// Arbitrary JSON.
  private enum Tree: Decodable {
    case object([String: Tree])
    case value(Value)

    init(from decoder: any Decoder) throws {
      if let object = try? decoder.singleValueContainer().decode([String: Tree].self) {
        self = .object(object)
      } else {
        self = .value(try Value(from: decoder))
      }
    }

    var leaves: [String: Value] {
      guard case .object(let object) = self else { return [:] }
      return object.reduce(into: [:]) { leaves, entry in
        if case .value(let value) = entry.value { leaves[entry.key] = value }
        for (key, value) in entry.value.leaves { leaves["\(entry.key).\(key)"] = value }
      }
    }
  }
}

extension ConfigurationEntries.Value: Decodable {
  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let flag = try? container.decode(Bool.self) {
      self = .flag(flag)
    } else if let number = try? container.decode(UInt64.self) {
      self = .whole(number)
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else if let text = try? container.decode(String.self) {
      self = .text(text)
    } else {
      self = .list(try container.decode([Self].self))
    }
  }

  /// The value for TensorBoard's table of hyperparameters.
  var hyperparameter: Hyperparameters.Value {
    switch self {
    case .flag(let flag): .flag(flag)
    case .whole(let number): .number(Double(number))
    case .number(let number): .number(number)
    case .text, .list: .text(text)
    }
  }
}
