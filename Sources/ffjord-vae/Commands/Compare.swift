import ArgumentParser
import DensityEstimation
import Files
import Foundation
import Runs
import SVGCharts

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compares runs in a table, and draws their training curves.",
    discussion: """
      Columns: the best validation bound; the test bound and the importance-sampled estimate of -log p(x), once 'evaluate \
      RUN' has found them; evaluations of the velocity per batch, forward/backward (evals); the median time of an epoch; \
      and the paper's figure for the same kind of posterior. Bounds are negative ELBOs in nats, for grey images in \
      bits/dim. Runs may still be training.

      Runs of density models have a table of their own, of -log p(x).

      Runs that differ only in their seeds share a row, mean ± standard deviation; with --each, every run has its own row. --curves \
      draws a chart for each dataset and unit.

        ffjord-vae compare Checkpoints/*/
        ffjord-vae compare Checkpoints/first-seed* --each
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
    @Flag(help: "A row for each run, not for each set of seeds")
    var each = false

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
      help: ArgumentHelp("SVG to write", valueName: "file"), completion: .file(extensions: ["svg"]))
    var curves: String?

    @Option(help: ArgumentHelp("Horizontal axis of the curves", valueName: "axis"))
    var against: Abscissa = .epochs
  }

  private var curves: String? { figure.curves }
  private var against: Abscissa { figure.against }

  func run() throws {
    try Failure.reporting {
      messages.apply()
      if let curves { try checkOutput(curves, endingIn: [".svg"], option: "--curves") }
      let (named, densities) = try summaries()
      let density = DensityComparison(densities)
      let groups = (table.each ? named.map { ComparedGroup($0) } : ComparedGroup.folding(named))
        .sorted { $0.precedes($1) }
      if let curves { try draw(groups, density, to: curves) }
      if table.json {
        print(
          try (groups.map { Entry.autoencoder(ComparisonEntry($0)) } + density.entries.map(Entry.density)).resultJSON())
        return
      }
      var tables: [String] = []
      if !groups.isEmpty { tables.append(ComparisonTable(groups).text(isMarkdown: table.markdown)) }
      if !densities.isEmpty { tables.append(density.text(isMarkdown: table.markdown)) }
      print(tables.joined(separator: "\n\n"))
    }
  }

  /// The runs of either kind. A folder without a run is passed over, with a warning, where others have one: a pattern such
  /// as `Checkpoints/*/` names it, too.
  private func summaries() throws -> ([ComparedRun], [ComparedDensityRun]) {
    var (autoencoders, densities, failures) = ([ComparedRun](), [ComparedDensityRun](), [RunError]())
    for (name, path) in zip(RunNames.distinct(runs), runs) {
      let directory = RunDirectory(path)
      do {
        if DensityRun.isOne(directory) {
          densities.append(ComparedDensityRun(name: name, summary: try DensityRunSummary(directory)))
        } else {
          autoencoders.append(ComparedRun(name: name, summary: try RunSummary(directory)))
        }
      } catch let error as RunError {
        guard case .missingRun = error, FileManager.default.isDirectory(atPath: path) == true else { throw error }
        failures.append(error)
      }
    }
    if let first = failures.first, autoencoders.isEmpty, densities.isEmpty { throw first }
    Terminal.warn(of: failures.map(\.description))
    return (autoencoders, densities)
  }

  /// A row of either table.
  private enum Entry: Encodable {
    case autoencoder(ComparisonEntry)
    case density(DensityComparisonEntry)

    func encode(to encoder: any Encoder) throws {
      switch self {
      case .autoencoder(let entry): try entry.encode(to: encoder)
      case .density(let entry): try entry.encode(to: encoder)
      }
    }
  }

  private func draw(_ groups: [ComparedGroup], _ density: DensityComparison, to path: String) throws {
    var kinds: [String] = []
    for group in groups where !kinds.contains(group.kind) { kinds.append(group.kind) }
    let charts = kinds.map { kind in ComparisonChart(groups.filter { $0.kind == kind }, against: against) }
    for name in charts.flatMap(\.withoutEpochs) {
      Terminal.logger.warning("\(name) has no finished epoch in metrics.jsonl: it has no curve")
    }
    let drawn = charts.filter { !$0.isEmpty }.map(\.chart) + density.charts(against: against)
    guard !drawn.isEmpty else {
      throw RunError.invalidRun(
        path: runs.joined(separator: ", "), reason: "there is no finished epoch to draw a curve of")
    }
    let svg = ChartColumn(drawn).svg()
    try AtomicFile.write(to: URL(filePath: path)) { try $0.write(Data(svg.utf8)) }
    Terminal.logger.info("\(path): curves against \(against.rawValue)")
  }
}
