import Foundation

/// A line of `metrics.jsonl`, of a run of any kind, as TensorBoard's event files take it.
package protocol LoggedRecord: Codable, Sendable {
  /// The number of steps done.
  var step: Int { get }
  /// `step` for a training step; `train` or `validation` for an epoch.
  var split: String { get }
}

extension LoggedRecord {
  /// The numbers of the record, under their names in `metrics.jsonl`.
  func numbers() throws -> [String: Double] {
    let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(self))
    return (object as? [String: Any] ?? [:]).compactMapValues { ($0 as? NSNumber)?.doubleValue }
  }
}

extension MetricsRecord: LoggedRecord {}

/// A line of `metrics.jsonl` that was written before, of a run of any kind.
struct LoggedLine: LoggedRecord {
  let step: Int
  let split: String
  private let values: [String: Double]

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: JSONKey.self)
    step = try container.decode(Int.self, forKey: JSONKey(stringValue: "step"))
    split = try container.decode(String.self, forKey: JSONKey(stringValue: "split"))
    values = container.allKeys.reduce(into: [:]) { values, key in
      values[key.stringValue] = try? container.decode(Double.self, forKey: key)
    }
  }

  func encode(to encoder: any Encoder) throws { try values.encode(to: encoder) }
}
