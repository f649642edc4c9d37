import ArgumentParser
import Foundation
import ImageDatasets
import NeuralNetworks
import NormalizingFlows
import Runs
import Tensors
import Training

struct BenchmarkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "benchmark",
    abstract: "Times training steps or evaluations, part by part, beside the machine's limits.",
    discussion: """
      Images are noise and parameters are initial ones; with --checkpoint, images are the first of the training split and \
      parameters are trained, so that solves take more evaluations. Each part is shown with its time, its rate, and its \
      limit: the time of its arithmetic and of its memory traffic at the best rates of this machine, which are measured \
      first.

        ffjord-vae benchmark
        ffjord-vae benchmark train --dataset mnist --precision mixed
        ffjord-vae benchmark --checkpoint omniglot
        ffjord-vae benchmark evaluate --divergence gaussian
      """, subcommands: [TrainingSteps.self, Evaluations.self], defaultSubcommand: TrainingSteps.self)

  struct TrainingSteps: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "train", abstract: "Times training steps.",
      discussion: """
          ffjord-vae benchmark train --dataset mnist --precision mixed
          ffjord-vae benchmark train --checkpoint omniglot
        """)

    @OptionGroup var options: BenchmarkOptions

    func run() throws {
      try Failure.reporting {
        options.compute.apply()
        let benchmark = try options.benchmark()
        try options.print(try benchmark.training(steps: options.steps, untimed: options.untimed), "step")
      }
    }
  }

  struct Evaluations: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "evaluate", abstract: "Times evaluations of the bound of a batch.",
      discussion: """
          ffjord-vae benchmark evaluate --divergence gaussian
        """)

    @OptionGroup var options: BenchmarkOptions

    @OptionGroup(title: "Solver") var estimate: DivergenceOptions

    func run() throws {
      try Failure.reporting {
        options.compute.apply()
        let benchmark = try options.benchmark()
        let report = try benchmark.evaluation(
          divergence: estimate.divergence, repeats: options.steps, untimed: options.untimed)
        try options.print(report, "batch")
      }
    }
  }
}

/// What is timed, how often, and how it is shown.
struct BenchmarkOptions: ParsableArguments {
  @OptionGroup(title: "Benchmark") var extent: ExtentOptions
  @OptionGroup var model: ModelOptions
  @OptionGroup(title: "Solver") var start: StartOptions
  @OptionGroup(title: "Output") var results: ResultOptions
  @OptionGroup(title: "Machine") var arithmetic: PrecisionOptions
  @OptionGroup(title: "Machine") var memory: MemoryOptions
  @OptionGroup(title: "Machine") var compute: ComputeOptions

  struct ExtentOptions: ParsableArguments {
    @Option(
      help: ArgumentHelp("Trained model, timed on its own images", valueName: "checkpoint"), completion: .checkpoint)
    var checkpoint: String?

    @Option(help: .dataFolder, completion: .directory)
    var dataDir: String?

    @Option(
      help: ArgumentHelp("Dataset whose sizes are used (default: omniglot)", valueName: "name"),
      completion: .knownDataset)
    var dataset: String?

    @Option(help: ArgumentHelp("Settings (default: paper)", valueName: "preset"))
    var preset: Preset?

    @Option(help: ArgumentHelp("Timed steps, or batches", .count))
    var steps = 5

    @Option(
      name: [.customLong("untimed"), .customLong("warmup")],
      help: ArgumentHelp("Untimed ones before them", .count))
    var untimed = 2

    @Option(help: ArgumentHelp("Images per batch (default: the preset's)", .count))
    var batchSize: Int?

    func validate() throws {
      try check("--steps", steps, in: 1...)
      try check("--untimed", untimed, in: 0...)
    }
  }

  struct StartOptions: ParsableArguments {
    @Flag(inversion: .prefixedNo, help: .setting("Begin with the last solve's step size", .warmStart))
    var warmStart: Bool?
  }

  var steps: Int { extent.steps }
  var untimed: Int { extent.untimed }

  /// What is timed: noise in a model of a preset's sizes, or the first training images in a trained one.
  func benchmark() throws -> Benchmark {
    guard let checkpoint = extent.checkpoint else {
      if let name = extent.dataset {
        if DatasetCatalog.isPath(name) {
          throw ValidationError(
            "--dataset \(name.visible()): noise is timed in the sizes of a known dataset; --checkpoint times a model on images of "
              + "your own")
        }
        _ = try DatasetCatalog.description(named: name)
      }
      var configuration = (extent.preset ?? .paper).configuration(
        dataset: extent.dataset ?? DatasetName.omniglot.rawValue, flow: model.flow ?? .ffjord,
        amortization: model.amortization ?? .lowRank)
      model.apply(to: &configuration.model)
      try model.check(configuration.model)
      change(&configuration)
      return try Benchmark(configuration)
    }
    let given =
      [extent.dataset == nil ? nil : "--dataset", extent.preset == nil ? nil : "--preset"].compactMap { $0 }
      + model.names
    guard given.isEmpty else {
      throw ValidationError(
        "--checkpoint has a model and a dataset of its own; leave out \(given.joined(separator: ", "))")
    }
    var state = try readModel(checkpoint, memory: memory).state
    change(&state.configuration)
    let configuration = state.configuration
    let dataset = try DatasetLoader.load(
      name: configuration.dataset,
      locator: DatasetLocator(dataDirectory: extent.dataDir, recorded: configuration.dataDirectory),
      preparation: configuration.preparation, memoryLimit: memory.limit)
    return try Benchmark(state, on: dataset)
  }

  private func change(_ configuration: inout TrainingConfiguration) {
    if let batchSize = extent.batchSize { configuration.batchSize = batchSize }
    configuration.warmStart = start.warmStart ?? true
    if let precision = arithmetic.precision { configuration.precision = precision }
  }

  func print(_ report: Benchmark.Report, _ unit: String) throws {
    if results.json {
      Terminal.print(try report.resultJSON(isIndented: false))
      return
    }
    func row(_ cells: [String]) -> String {
      let widths = [16, 9, 9, 9, 9, 9, 9]
      return zip(cells, widths).enumerated().map { index, cell in
        let space = String(repeating: " ", count: max(0, cell.1 - cell.0.count))
        return index < 2 ? cell.0 + space : space + cell.0
      }.joined(separator: " ")
    }
    let limits = report.limits
    Terminal.print(
      """
      \(Terminal.count(report.threads, "thread")), \(Compute.instructionSet); limits: \
      \((limits.floatOperations / 1e9).fixed(0)) GFLOP/s float32, \((limits.lowPrecisionOperations / 1e9).fixed(0)) GFLOP/s bfloat16, \
      \((limits.cacheBytes / 1e9).fixed(0)) GB/s cache, \
      \((limits.memoryBytes / 1e9).fixed(0)) GB/s memory

      """)
    Terminal.print(row(["part", "", "ms", "GFLOP/s", "GB/s", "limit ms", "of limit"]))
    for part in report.parts {
      let reading = part.reading
      let bytes = Double(reading.cachedBytes + reading.memoryBytes)
      let seconds = max(reading.seconds, 1e-12)
      Terminal.print(
        row([
          part.part, part.direction, (reading.seconds * 1e3).fixed(1),
          (Double(reading.operations) / seconds / 1e9).fixed(1), (bytes / seconds / 1e9).fixed(1),
          (part.limit * 1e3).fixed(1), "\((100 * part.limit / seconds).fixed(0)) %",
        ]))
    }
    let total = report.parts.reduce(0) { $0 + $1.reading.seconds }
    let limit = report.parts.reduce(0) { $0 + $1.limit }
    let share = "\((100 * limit / max(total, 1e-12)).fixed(0)) %"
    Terminal.print(
      """
      \(row(["all", "", (total * 1e3).fixed(1), "", "", (limit * 1e3).fixed(1), share]))

      a \(unit): \(report.median.fixed(3)) s median, \((report.seconds.min() ?? 0).fixed(3)) s best of \
      \(report.seconds.count); \(report.evaluationsForward.fixed(0)) evaluations forward, \
      \(report.evaluationsBackward.fixed(0)) backward
      memory: \((Double(report.peakBytes) / 1e9).fixed(2)) GB at most, \(report.pageFaults.fixed(0)) page faults a \(unit)
      """)
  }
}
