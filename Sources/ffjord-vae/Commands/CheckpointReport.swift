import Foundation
import Runs
import Safetensors

/// What `inspect --json` prints of a checkpoint.
struct CheckpointReport<Configuration: Encodable, Progress: Encodable>: Encodable {
  let path: String
  let bytes: Int
  let parameters: Int
  let configuration: Configuration
  let progress: Progress
  let run: String?
  let tensors: [ReportedTensor]
}

/// A tensor in a ``CheckpointReport``.
struct ReportedTensor: Encodable {
  let name: String
  let shape: [Int]

  init(_ entry: SafetensorsEntry) { (name, shape) = (entry.name, entry.shape) }
}

extension [SafetensorsEntry] {
  /// A line for each group of tensors, those whose names begin with the same words: "  q_am        2878400 in 10".
  func groupLines(words: Int = 1) -> [String] {
    let groups = Dictionary(grouping: self) { entry in
      entry.name.split(separator: ".").prefix(words).joined(separator: ".").visible()
    }
    return groups.sorted { $0.key.compare($1.key, options: .numeric) == .orderedAscending }.map { group, entries in
      let numbers = entries.reduce(0) { $0 + $1.elementCount }
      return "  \(group.padding(toLength: 12, withPad: " ", startingAt: 0))\(numbers) in \(entries.count)"
    }
  }
}
