import Foundation
import TensorBoard

/// A run's event files under way: one in its directory, for what is of the run as a whole and of its steps, and one in a folder
/// for each split, for the split's epochs.
///
/// TensorBoard lays curves over each other that have one tag and lie in several folders, which it takes for several runs: so
/// training and validation of one quantity share a chart, and a person need do nothing for that. Two tags in one file
/// would share one only on a page of its own, by a layout.
struct EventFiles {
  /// The splits with a folder of their own, which has their name.
  static let folders = ["train", "validation"]

  let run: EventWriter
  private let splits: [String: EventWriter]

  /// Begins a file in each place, also where nothing is written for now: a file's beginning is what makes void what earlier
  /// files in its place say of lost steps.
  ///
  /// - Throws: What Foundation throws where a file or a folder cannot be made.
  init(in directory: URL, startingAt step: Int) throws {
    run = try EventWriter(in: directory, startingAt: step)
    splits = try Self.folders.reduce(into: [:]) { splits, name in
      let folder = directory.appending(path: name, directoryHint: .isDirectory)
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      splits[name] = try EventWriter(in: folder, startingAt: step)
    }
  }

  /// Where numbers of a split of ``MetricsRecord`` go, and what their tags begin with.
  func place(ofSplit split: String) -> (writer: EventWriter, prefix: String) {
    splits[split].map { ($0, "epoch") } ?? (run, split)
  }

  /// The event files in a directory and in its folders, by their paths from there.
  static func names(in directory: URL) -> [String] {
    ([""] + folders.map { "\($0)/" }).flatMap { folder in
      let path = directory.appending(path: folder).path
      let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
      return names.filter { $0.hasPrefix(EventWriter.namePrefix) }.sorted().map { folder + $0 }
    }
  }
}
