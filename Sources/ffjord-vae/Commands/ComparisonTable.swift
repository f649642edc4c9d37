import Files
import Foundation
import Runs

/// Runs as a table for people, grouped by dataset, with notes below.
struct ComparisonTable {
  private static let longestName = 20
  private let runs: [ComparedRun]

  /// - Parameter runs: In the order of the table: runs of one dataset follow one another.
  init(_ runs: [ComparedRun]) { self.runs = runs }

  func text(isMarkdown: Bool) -> String {
    var table = TextTable(columns: [
      ("run", .left), ("posterior", .left), ("params", .right), ("epochs", .right), ("validation", .right),
      ("test", .right), ("-log p(x)", .right), ("evals", .right), ("s/epoch", .right), ("paper", .right),
    ])
    var notes = Notes()
    for run in runs {
      let heading = Self.heading(run.summary)
      if table.groups.last?.heading != heading { table.groups.append((heading, [])) }
      table.groups[table.groups.count - 1].rows.append(Self.cells(run, &notes, isMarkdown: isMarkdown))
    }
    let body = isMarkdown ? table.markdown : table.text
    let lines = notes.texts.enumerated().map { "[\($0 + 1)] \($1)" }
    return lines.isEmpty ? body : body + "\n\n" + lines.joined(separator: isMarkdown ? "  \n" : "\n")
  }

  /// The dataset, the unit, and the paper's row for it.
  private static func heading(_ summary: RunSummary) -> String {
    let dataset = summary.configuration.dataset.visible()
    let unit = "\(dataset) [\(summary.unit.rawValue)]"
    let published = PublishedResults.Method.allCases.compactMap { method in
      PublishedResults.figure(method, on: dataset)
        .map { "\(method.rawValue) \($0.mean.fixed(2)) ±\($0.deviation.fixed(2))" }
    }
    return published.isEmpty ? unit : "\(unit)\nthe paper's test: \(published.joined(separator: ", "))"
  }

  private static func cells(
    _ run: ComparedRun, _ notes: inout Notes, isMarkdown: Bool
  ) -> [TextTable.Cell] {
    let summary = run.summary
    let name =
      isMarkdown || run.name.count <= longestName ? run.name : "…" + run.name.suffix(longestName - 1)
    func cell(_ text: String?) -> TextTable.Cell { TextTable.Cell(text ?? none) }
    return [
      cell(name), cell(run.posterior), cell(summary.parameterCount.map(abbreviated)),
      cell("\(summary.epochCount)/\(summary.configuration.epochs)"), validation(summary, &notes),
      test(summary, &notes), likelihood(summary, &notes),
      cell(summary.evaluationsPerBatch.map { "\($0.forward.fixed(0))/\($0.backward.fixed(0))" }),
      cell(summary.secondsPerEpoch.map { $0.fixed($0 < 10 ? 1 : 0) }),
      cell(summary.publishedNegativeELBO?.fixed(2)),
    ]
  }

  private static let none = "-"

  private static func figure(_ nats: Double, _ summary: RunSummary) -> String {
    summary.figure(nats: nats).fixed(summary.unit == .bitsPerDimension ? 3 : 2)
  }

  private static func validation(_ summary: RunSummary, _ notes: inout Notes) -> TextTable.Cell {
    guard let best = summary.best else { return TextTable.Cell(none) }
    let limit = summary.configuration.limitEvaluation
    return TextTable.Cell(
      figure(best.negativeELBO, summary),
      marks: notes.marks(limit.map { ["over the first \($0) validation images at most"] } ?? []))
  }

  private static func test(_ summary: RunSummary, _ notes: inout Notes) -> TextTable.Cell {
    guard let evaluation = summary.testEvaluation else {
      let note =
        summary.parameterCount == nil
        ? "there is no checkpoint to evaluate yet" : "found by: \(command(summary))"
      return TextTable.Cell(none, marks: notes.marks([note]))
    }
    return TextTable.Cell(
      figure(evaluation.negativeELBO, summary) + " ±" + figure(evaluation.standardError, summary),
      marks: notes.marks(remarks(evaluation, summary)))
  }

  private static func likelihood(_ summary: RunSummary, _ notes: inout Notes) -> TextTable.Cell {
    guard let evaluation = summary.likelihoodEvaluation, let nll = evaluation.nll else {
      guard summary.testEvaluation != nil else { return TextTable.Cell(none) }
      return TextTable.Cell(
        none, marks: notes.marks(["found by: \(command(summary)) --importance-samples 500"]))
    }
    return TextTable.Cell(
      figure(nll, summary),
      marks: notes.marks(
        ["\(evaluation.importanceSamples) importance samples"] + remarks(evaluation, summary)))
  }

  /// The command that evaluates a run.
  private static func command(_ summary: RunSummary) -> String {
    "ffjord-vae evaluate \(Terminal.quoted(summary.directory.url.relativePath))"
  }

  /// In what an evaluation falls short of one of the best model on the whole split.
  private static func remarks(_ evaluation: EvaluationRecord, _ summary: RunSummary) -> [String] {
    var remarks: [String] = []
    if !evaluation.isWhole {
      remarks.append("over \(evaluation.images) of \(evaluation.imagesInSplit) test images")
    }
    if let best = summary.best, best.epoch != evaluation.epoch {
      remarks.append(
        "of epoch \(evaluation.epoch), and the best is now epoch \(best.epoch); again by: \(command(summary))")
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
      let numbers = notes.map { note in
        let index = texts.firstIndex(of: note) ?? texts.count
        if index == texts.count { texts.append(note) }
        return String(index + 1)
      }
      return numbers.isEmpty ? "" : "[\(numbers.joined(separator: ","))]"
    }
  }
}

/// A run as `--json` prints it; bounds in nats, and where the run has them in bits a dimension.
struct ComparisonEntry: Encodable {
  private let run: ComparedRun

  init(_ run: ComparedRun) { self.run = run }

  private enum CodingKeys: String, CodingKey {
    case name, path, dataset, posterior, parameters, epochs, validation, test, likelihood, unit, published
    case epochsAtMost = "epochs_at_most"
    case bestEpoch = "best_epoch"
    case validationBits = "validation_bits_per_dimension"
    case evaluationsForward = "nfe_forward"
    case evaluationsBackward = "nfe_backward"
    case secondsPerEpoch = "seconds_per_epoch"
  }

  func encode(to encoder: any Encoder) throws {
    let summary = run.summary
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(run.name, forKey: .name)
    try values.encode(summary.directory.url.relativePath, forKey: .path)
    try values.encode(summary.configuration.dataset, forKey: .dataset)
    try values.encode(summary.configuration.model.posteriorSummary, forKey: .posterior)
    try values.encode(summary.parameterCount, forKey: .parameters)
    try values.encode(summary.epochCount, forKey: .epochs)
    try values.encode(summary.configuration.epochs, forKey: .epochsAtMost)
    try values.encode(summary.best?.negativeELBO, forKey: .validation)
    try values.encode(summary.best?.epoch, forKey: .bestEpoch)
    try values.encodeIfPresent(
      summary.best.flatMap { summary.configuration.model.bitsPerDimension(nats: $0.negativeELBO) },
      forKey: .validationBits)
    try values.encode(summary.testEvaluation, forKey: .test)
    try values.encode(summary.likelihoodEvaluation, forKey: .likelihood)
    try values.encode(summary.evaluationsPerBatch?.forward, forKey: .evaluationsForward)
    try values.encode(summary.evaluationsPerBatch?.backward, forKey: .evaluationsBackward)
    try values.encode(summary.secondsPerEpoch, forKey: .secondsPerEpoch)
    try values.encode(summary.unit.rawValue, forKey: .unit)
    try values.encode(summary.publishedNegativeELBO, forKey: .published)
  }
}
