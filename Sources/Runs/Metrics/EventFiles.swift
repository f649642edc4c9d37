import Foundation
import TensorBoard

/// The event files of a run in progress: one in its directory, for the run as a whole and its steps, and one in a
/// folder for each split, for its epochs.
///
/// TensorBoard draws the curves of one tag in several folders, which it takes for several runs, in one chart. Training
/// and validation curves of one quantity therefore share a chart by default. Two tags in one file would share a chart
/// only on a separate page, with a custom layout.
struct EventFiles {
  /// The splits that have a folder, which has their name.
  static let folders = ["train", "validation"]

  let run: EventWriter
  private let splits: [String: EventWriter]

  /// Creates a file in each folder, even if nothing is written to it yet: the beginning of a file invalidates what
  /// earlier files in the folder say about steps that were lost.
  ///
  /// - Throws: What Foundation throws where a file or a folder cannot be created.
  init(in directory: URL, startingAt step: Int) throws {
    run = try EventWriter(in: directory, startingAt: step)
    splits = try Self.folders.reduce(into: [:]) { splits, name in
      let folder = directory.appending(path: name, directoryHint: .isDirectory)
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      splits[name] = try EventWriter(in: folder, startingAt: step)
    }
  }

  /// The writer for a split of ``MetricsRecord``, and the prefix of its tags.
  func place(ofSplit split: String) -> (writer: EventWriter, prefix: String) {
    splits[split].map { ($0, "epoch") } ?? (run, split)
  }

  /// The relative paths of the event files in a directory and its folders.
  static func names(in directory: URL) -> [String] {
    ([""] + folders.map { "\($0)/" }).flatMap { folder in
      let path = directory.appending(path: folder).path
      let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
      return names.filter { $0.hasPrefix(EventWriter.namePrefix) }.sorted().map { folder + $0 }
    }
  }
}
