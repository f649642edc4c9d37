import ArgumentParser
import Foundation
import Runs

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compares runs in a table, and draws their training curves.",
    discussion: """
      Each run has its best negative ELBO on the validation split; the negative ELBO and the importance-sampled estimate \
      of -log p(x) on the test split, as 'evaluate RUN' left them in the run's evaluations.jsonl; evaluations of the \
      velocity a batch, forward/backward, in the last epoch (evals); the median over epochs of the seconds that training \
      took; and what the paper reports for its kind of posterior. Figures are in nats, for grey images in bits/dim. A run \
      may still be training.

        ffjord-vae compare Checkpoints/*
        ffjord-vae compare Checkpoints/a Checkpoints/b --curves curves.svg
      """)

  /// What curves are drawn against.
  enum Abscissa: String, CaseIterable, ExpressibleByArgument {
    case epochs, steps, seconds
  }

  @Argument(help: ArgumentHelp("Folders of runs", valueName: "run"), completion: .run)
  var runs: [String]

  @OptionGroup(title: "Table") var table: TableOptions
  @OptionGroup(title: "Curves") var figure: CurveOptions
  @OptionGroup(title: "Output") var messages: MessageOptions

  /// How the table is printed.
  struct TableOptions: ParsableArguments {
    @Flag(help: "Print Markdown")
    var markdown = false

    @Flag(help: "Print JSON")
    var json = false

    func validate() throws {
      if markdown && json { throw ValidationError("--markdown and --json: give one of them") }
    }
  }

  /// The curves of training.
  struct CurveOptions: ParsableArguments {
    @Option(
      help: ArgumentHelp("SVG of curves to write", valueName: "file"), completion: .file(extensions: ["svg"]))
    var curves: String?

    @Option(help: ArgumentHelp("Horizontal axis", valueName: "axis"))
    var against: Abscissa = .epochs
  }

  private var curves: String? { figure.curves }
  private var against: Abscissa { figure.against }

  func run() throws {
    try Failure.reporting {
      messages.apply()
      if let curves { try checkOutput(curves, endingIn: [".svg"], option: "--curves") }
      let summaries = try runs.map { try RunSummary(RunDirectory($0)) }
      let named = zip(RunNames.distinct(runs), summaries)
        .map { ComparedRun(name: $0, summary: $1) }
        .sorted { $0.precedes($1) }
      if let curves { try draw(named, to: curves) }
      if table.json {
        print(try named.map(ComparisonEntry.init).resultJSON())
      } else {
        print(ComparisonTable(named).text(isMarkdown: table.markdown))
      }
    }
  }

  private func draw(_ named: [ComparedRun], to path: String) throws {
    let chart = ComparisonChart(named, against: against)
    for name in chart.withoutEpochs {
      Terminal.logger.warning("\(name) has no finished epoch in metrics.jsonl: it has no curve")
    }
    guard !chart.isEmpty else {
      throw RunError.invalidRun(
        path: runs.joined(separator: ", "), reason: "there is no finished epoch to draw a curve of")
    }
    try chart.write(to: path)
    Terminal.logger.info("\(path): negative ELBO against \(against.rawValue)")
  }
}

/// A run under the name that tells it from the others.
struct ComparedRun {
  let name: String
  let summary: RunSummary

  /// By dataset, then by the best bound; runs without one come last.
  func precedes(_ other: ComparedRun) -> Bool {
    let (mine, theirs) = (summary.configuration.dataset, other.summary.configuration.dataset)
    if mine != theirs { return mine < theirs }
    return (summary.best?.negativeELBO ?? .infinity) < (other.summary.best?.negativeELBO ?? .infinity)
  }

  /// The posterior with its sizes, in few words: the flows, times the size of each.
  var posterior: String {
    let model = summary.configuration.model
    guard model.flow != .none else { return model.posteriorSummary }
    return "\(model.flow.rawValue) \(model.posterior.label(model))"
  }
}
