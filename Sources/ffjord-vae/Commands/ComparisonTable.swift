import Files
import Foundation
import Runs

/// Runs as a table for people, by dataset and unit, with notes below.
struct ComparisonTable {
  private static let longestName = 20
  private let groups: [ComparedGroup]

  /// - Parameter groups: In the order of the table: those of one dataset and unit follow one another.
  init(_ groups: [ComparedGroup]) { self.groups = groups }

  func text(isMarkdown: Bool) -> String {
    var table = TextTable(columns: [
      ("run", .left), ("posterior", .left), ("params", .right), ("epochs", .right), ("validation", .right),
      ("test", .right), ("-log p(x)", .right), ("evals", .right), ("s/epoch", .right), ("paper", .right),
    ])
    var notes = Notes()
    for group in groups {
      let heading = Self.heading(group)
      if table.groups.last?.heading != heading { table.groups.append((heading, [])) }
      table.groups[table.groups.count - 1].rows.append(Self.cells(group, &notes, isMarkdown: isMarkdown))
    }
    let body = isMarkdown ? table.markdown : table.text
    let lines = notes.texts.enumerated().map { "[\($0 + 1)] \($1)" }
    return lines.isEmpty ? body : body + "\n\n" + lines.joined(separator: isMarkdown ? "  \n" : "\n")
  }

  /// The dataset, the unit, and the paper's row for it.
  private static func heading(_ group: ComparedGroup) -> String {
    let published = PublishedResults.Method.allCases.compactMap { method in
      PublishedResults.figure(method, on: group.first.configuration.dataset)
        .map { "\(method.rawValue) \($0.mean.fixed(2)) ±\($0.deviation.fixed(2))" }
    }
    return published.isEmpty ? group.kind : "\(group.kind)\nthe paper's test: \(published.joined(separator: ", "))"
  }

  private static func cells(
    _ group: ComparedGroup, _ notes: inout Notes, isMarkdown: Bool
  ) -> [TextTable.Cell] {
    let name =
      isMarkdown || group.name.count <= longestName ? group.name : "…" + group.name.suffix(longestName - 1)
    func cell(_ text: String?) -> TextTable.Cell { TextTable.Cell(text ?? none) }
    func mean(_ figure: (RunSummary) -> Double?) -> Double? { group.statistics(figure)?.mean }
    let (forward, backward) = (mean { $0.evaluationsPerBatch?.forward }, mean { $0.evaluationsPerBatch?.backward })
    return [
      TextTable.Cell(name, marks: notes.marks(seeds(group))), cell(group.posterior),
      cell(group.runs.lazy.compactMap(\.summary.parameterCount).first.map(abbreviated)), cell(epochs(group)),
      validation(group, &notes), test(group, &notes), likelihood(group, &notes),
      cell(forward.flatMap { forward in backward.map { "\(forward.fixed(0))/\($0.fixed(0))" } }),
      cell(mean(\.secondsPerEpoch).map { $0.fixed($0 < 10 ? 1 : 0) }),
      cell(group.first.publishedNegativeELBO?.fixed(2)),
    ]
  }

  private static let none = "-"

  private static func seeds(_ group: ComparedGroup) -> [String] {
    guard group.isSeveral else { return [] }
    let seeds = group.runs.map { "\($0.summary.configuration.seed)" }.joined(separator: ", ")
    return ["mean ± standard deviation of \(group.runs.count) runs, of seeds \(seeds); --each shows each"]
  }

  /// How many epochs are finished, from the fewest to the most, of how many there may be.
  private static func epochs(_ group: ComparedGroup) -> String {
    let counts = group.runs.map(\.summary.epochCount)
    let (least, most) = (counts.min() ?? 0, counts.max() ?? 0)
    return "\(least == most ? "\(most)" : "\(least)…\(most)")/\(group.first.configuration.epochs)"
  }

  private static func figure(_ nats: Double, _ summary: RunSummary) -> String {
    summary.figure(nats: nats).fixed(summary.unit == .bitsPerDimension ? 3 : 2)
  }

  /// A figure of a run, with its own error; of several runs the mean, with the deviation over seeds.
  private static func figure(
    _ group: ComparedGroup, error: Double? = nil, _ nats: (RunSummary) -> Double?
  ) -> String? {
    guard let statistics = group.statistics(nats) else { return nil }
    let deviation = group.isSeveral ? statistics.standardDeviation : error
    return figure(statistics.mean, group.first) + (deviation.map { " ±" + figure($0, group.first) } ?? "")
  }

  private static func validation(_ group: ComparedGroup, _ notes: inout Notes) -> TextTable.Cell {
    guard let text = figure(group, { $0.best?.negativeELBO }) else { return TextTable.Cell(none) }
    let limit = group.first.configuration.limitEvaluation
    return TextTable.Cell(
      text, marks: notes.marks(limit.map { ["over the first \($0) validation images at most"] } ?? []))
  }

  private static func test(_ group: ComparedGroup, _ notes: inout Notes) -> TextTable.Cell {
    let error = group.first.testEvaluation?.standardError
    let text = figure(group, error: error) { $0.testEvaluation?.negativeELBO }
    let lacking = group.runs.map(\.summary).filter { $0.testEvaluation == nil }
    let shortfalls = group.runs.map(\.summary).flatMap { summary in
      summary.testEvaluation.map { remarks($0, summary) } ?? []
    }
    return TextTable.Cell(
      text ?? none, marks: notes.marks(lack(lacking, found: group.runs.count - lacking.count, of: group) + shortfalls))
  }

  private static func likelihood(_ group: ComparedGroup, _ notes: inout Notes) -> TextTable.Cell {
    let evaluated = group.runs.map(\.summary).filter { $0.testEvaluation != nil }
    guard !evaluated.isEmpty else { return TextTable.Cell(none) }
    let lacking = evaluated.filter { $0.likelihoodEvaluation == nil }
    let shortfalls = evaluated.flatMap { summary in
      summary.likelihoodEvaluation.map {
        ["\($0.importanceSamples) importance samples"] + Self.remark(onProbesOf: $0, summary) + remarks($0, summary)
      } ?? []
    }
    return TextTable.Cell(
      figure(group) { $0.likelihoodEvaluation?.nll } ?? none,
      marks: notes.marks(
        shortfalls + lack(lacking, found: evaluated.count - lacking.count, of: group, " --importance-samples 500")))
  }

  /// How many runs of a group have an evaluation, where some have not, and what is to be done about those that lack it.
  private static func lack(
    _ lacking: [RunSummary], found: Int, of group: ComparedGroup, _ options: String = ""
  ) -> [String] {
    let (ready, early) = (lacking.filter { $0.parameterCount != nil }, lacking.filter { $0.parameterCount == nil })
    return
      (group.isSeveral && (1..<group.runs.count).contains(found)
      ? ["over \(found) of \(group.runs.count) runs"] : [])
      + (early.isEmpty ? [] : ["there is no checkpoint to evaluate yet"])
      + (ready.isEmpty ? [] : ["found by: \(command(ready, options))"])
  }

  /// The command that evaluates runs.
  private static func command(_ runs: [RunSummary], _ options: String = "") -> String {
    let paths = runs.map { Terminal.quoted($0.directory.url.relativePath) }
    guard paths.count > 1 else { return "ffjord-vae evaluate \(paths.joined())\(options)" }
    return "for run in \(paths.joined(separator: " ")); do ffjord-vae evaluate \"$run\"\(options); done"
  }

  /// That random probes give no bound.
  private static func remark(onProbesOf evaluation: EvaluationRecord, _ summary: RunSummary) -> [String] {
    guard evaluation.divergence != .exact, summary.configuration.model.posterior.isSolved else { return [] }
    return ["no bound, with \(evaluation.divergence.rawValue) probes"]
  }

  /// In what an evaluation falls short of one of the best model on the whole split.
  private static func remarks(_ evaluation: EvaluationRecord, _ summary: RunSummary) -> [String] {
    var remarks = evaluation.tolerance.map { ["at a tolerance of \(Setting.number($0))"] } ?? []
    if !evaluation.isWhole {
      remarks.append("over \(evaluation.images) of \(evaluation.imagesInSplit) test images")
    }
    if let best = summary.best, best.epoch != evaluation.epoch {
      remarks.append(
        "of epoch \(evaluation.epoch), and the best is now epoch \(best.epoch); again by: \(command([summary]))")
    }
    return remarks
  }

  /// A count as people speak of it: 5.93 M.
  private static func abbreviated(_ count: Int) -> String {
    switch Double(count) {
    case 1e6...: (Double(count) / 1e6).fixed(count < 10_000_000 ? 2 : 1) + " M"
    case 1e3...: (Double(count) / 1e3).fixed(1) + " k"
    default: String(count)
    }
  }

  /// Footnotes, each once.
  private struct Notes {
    private(set) var texts: [String] = []

    /// The marks of notes, added where they are new.
    mutating func marks(_ notes: [String]) -> String {
      var numbers: [String] = []
      for note in notes {
        let index = texts.firstIndex(of: note) ?? texts.count
        if index == texts.count { texts.append(note) }
        if !numbers.contains("\(index + 1)") { numbers.append("\(index + 1)") }
      }
      return numbers.isEmpty ? "" : "[\(numbers.joined(separator: ","))]"
    }
  }
}
