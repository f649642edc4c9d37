import FileTestSupport
import Foundation
import Testing

@testable import Runs

/// A run's configuration as TensorBoard shows it.
@Suite struct ConfigurationEntriesTests {
  let directory = try! TemporaryDirectory()

  @Test func `entries are those of a configuration file, by their keys`() throws {
    let configuration = TinyRun.configuration {
      $0.model.hidden = [512, 512]
      $0.seed = .max
      $0.learningRate = 5e-4
      $0.tolerance = 1e-5
    }
    let entries = try ConfigurationEntries(configuration)
    #expect(entries.values["seed"] == .whole(.max))
    #expect(entries.values["learningRate"] == .number(5e-4))
    #expect(entries.values["warmStart"] == .flag(true))
    #expect(entries.values["model.hidden"] == .list([.whole(512), .whole(512)]))
    #expect(entries.values["model.flow"] == .text("ffjord"))
    #expect(entries.values["clipNorm"] == nil)
    let object = try #require(
      try JSONSerialization.jsonObject(with: JSONEncoder().encode(configuration)) as? [String: Any])
    let nested = ["model", "preparation"].flatMap { name in
      ((object[name] as? [String: Any]) ?? [:]).keys.map { "\(name).\($0)" }
    }
    #expect(Set(entries.values.keys) == Set(object.keys).union(nested).subtracting(["model", "preparation"]))
  }

  @Test func `the table has a line for each entry, and what a person wrote means nothing in it`() throws {
    let configuration = TinyRun.configuration {
      $0.dataset = "/a_b/*c*|<d>&\n[e]`f`\\"
      $0.model.hidden = [512, 256]
      $0.tolerance = 1e-5
    }
    let entries = try ConfigurationEntries(configuration)
    let lines = entries.markdown.split(separator: "\n")
    #expect(lines.prefix(2) == ["| key | value |", "|---|---|"] && lines.count == 2 + entries.values.count)
    for line in [
      #"| `dataset` | /a\_b/\*c\*\|&lt;d>&amp; \[e\]\`f\`\\ |"#, "| `model.hidden` | 512-256 |",
      "| `tolerance` | 1e-05 |",
      "| `seed` | 1 |", "| `warmStart` | true |",
    ] {
      #expect(lines.contains(line[...]), "\(line) in \(entries.markdown)")
    }
    #expect(lines.dropFirst(2).map { String($0.split(separator: "`")[1]) } == entries.values.keys.sorted())
  }

  @Test(.enabled(if: TensorBoardReader.python.isHere, "\(TensorBoardReader.python.lack)"))
  func `TensorBoard lists runs with their hyper-parameters and their last validation bounds`() throws {
    let configurations = [
      "runs/one": TinyRun.configuration { ($0.epochs, $0.seed) = (1, 7) },
      "runs/two": TinyRun.configuration { ($0.epochs, $0.clipNorm, $0.dataset) = (2, 3, "/my/own_spots") },
    ]
    for (name, configuration) in configurations { try TinyRun.train(configuration, in: directory.path(name)) }
    // A run that was interrupted may go on: nothing is said of its end.
    try TinyRun.train(TinyRun.configuration(), in: directory.path("runs/three")) { true }
    let found = try TensorBoardReader.contents(of: directory.path("runs"))
    #expect(Set(found.table.rows.keys) == ["one", "two", "three"])
    #expect(found.table.rows["three"]?.status == "STATUS_UNKNOWN")
    for name in ["one", "two"] {
      let path = directory.path("runs/\(name)")
      let row = try #require(found.table.rows[name])
      let state = try Checkpoint.read(RunDirectory(path).last, includingOptimizer: false).state
      let entries = try ConfigurationEntries(state.configuration)
      #expect(row.status == "STATUS_SUCCESS")
      #expect(row.values.mapValues(\.hyperparameter) == entries.values.mapValues(\.hyperparameter))
      let bound = try #require(state.progress.lastValidation?.negativeELBO)
      #expect(row.metrics == ["validation/negative_elbo": Double(Float(bound))])
      // The same where TensorBoard is shown this run alone.
      let alone = try TensorBoardReader.contents(of: path)
      #expect(alone.table.rows["."]?.metrics == row.metrics)
      let text = try #require(found.runs[name]?.texts["configuration"]?.last)
      #expect(text.text == entries.markdown)
      #expect(text.html.contains("<table>"))
      #expect(text.html.components(separatedBy: "<tr>").count == entries.values.count + 2)
      #expect(text.html.contains(state.configuration.dataset))
    }
    let columns = found.table.columns
    // Also what only one of them has.
    #expect(columns["clipNorm"]?.type == "DATA_TYPE_FLOAT64" && columns["average"]?.type == "DATA_TYPE_FLOAT64")
    #expect(columns["warmStart"]?.type == "DATA_TYPE_BOOL" && columns["model.hidden"]?.type == "DATA_TYPE_STRING")
    #expect(
      columns.filter(\.value.differs).keys.sorted() == ["dataset", "learningRate", "model.flow", "preset", "seed"])
  }
}
