import ArgumentParser
import DensityEstimation
import Files
import Foundation
import ImageDatasets
import Runs

struct Report: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes an HTML page about runs: results, curves, pictures, outliers, latent codes.",
    discussion: """
      The page is a single file, which loads nothing else. A checkpoint without its run has no curves, and a run without \
      its data no reconstructions. Results are those of training and of 'evaluate RUN', beside the paper's; scores and \
      the map of codes are of --limit images, spread evenly over the split.

        ffjord-vae report Checkpoints/first --output report.html
        ffjord-vae report Checkpoints/a Checkpoints/b omniglot --output report.html
      """)

  @Argument(
    help: ArgumentHelp("Folders of runs, checkpoint files, or models", valueName: "run"), completion: .checkpoint)
  var runs: [String]

  @OptionGroup(title: "Model") var parameters: ParameterOptions
  @OptionGroup(title: "Output") var target: PageOptions
  @OptionGroup(title: "Output") var messages: MessageOptions
  @OptionGroup var input: ImageOptions
  @OptionGroup(title: "Machine") var compute: ComputeOptions

  /// The page, and how much is in it.
  struct PageOptions: ParsableArguments {
    @Option(help: ArgumentHelp("HTML to write", valueName: "file"), completion: .file(extensions: ["html"]))
    var output: String

    @Option(help: ArgumentHelp("Images that are scored and mapped", .count))
    var limit = 1000

    @OptionGroup var random: SeedOptions

    func validate() throws { try check("--limit", limit, in: 1...100_000) }
  }

  func run() throws {
    try Failure.reporting {
      messages.apply()
      compute.apply()
      let output = target.output
      try checkOutput(output, endingIn: [".html"])
      var reported: [ReportedRun] = []
      var densities: [ReportedDensity] = []
      for (name, path) in zip(RunNames.distinct(runs), runs) {
        if DensityRun.isOne(RunDirectory(path)) {
          densities.append(try ReportedDensity(name: name.visible(), RunDirectory(path)))
          continue
        }
        var run = try ReportedRun(name: name.visible(), path: path, memory: input.memory)
        let options = ReportedModel.Options(input: input, limit: target.limit, seed: target.random.seed)
        run.useModel(options, parameters: parameters)
        for note in run.notes { Terminal.logger.warning("\(run.name): \(note)") }
        reported.append(run)
      }
      let page = ReportPage(reported, densities).page
      try AtomicFile.write(to: URL(filePath: output)) { try $0.write(Data(page.html().utf8)) }
      Terminal.logger.info(
        "\(output): a report on \((reported.map(\.name) + densities.map(\.name)).joined(separator: ", "))")
    }
  }
}
