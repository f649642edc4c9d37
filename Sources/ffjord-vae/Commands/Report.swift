import ArgumentParser
import Files
import Foundation
import ImageDatasets
import Runs

struct Report: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a page about runs: results, curves, pictures, outliers and a map of the latent codes.",
    discussion: """
      The page is one HTML file that needs nothing else. It shows what there is: of a checkpoint alone, no curves; of a \
      run without its data, no reconstructions. The figures are those that training and 'evaluate RUN' left, beside the \
      paper's; scores and the map are of --limit images, spread over the split.

        ffjord-vae report Checkpoints/first --output report.html
      """)

  @Argument(help: "Directories of runs, or checkpoint files", completion: .checkpoint)
  var runs: [String]

  @OptionGroup(title: "Model") var parameters: ParameterOptions
  @OptionGroup(title: "Output") var page: PageOptions
  @OptionGroup(title: "Output") var messages: MessageOptions
  @OptionGroup var input: ImageOptions
  @OptionGroup(title: "Machine") var compute: ComputeOptions

  /// What is written, and of how much.
  struct PageOptions: ParsableArguments {
    @Option(help: ArgumentHelp("HTML file to write", valueName: "file"), completion: .file(extensions: ["html"]))
    var output: String

    @Option(help: ArgumentHelp("Images to score and to map", .count))
    var limit = 1000

    @OptionGroup var random: SeedOptions

    func validate() throws { try check("--limit", limit, in: 1...100_000) }
  }

  func run() throws {
    try Failure.reporting {
      messages.apply()
      compute.apply()
      let (output, limit, seed) = (page.output, page.limit, page.random.seed)
      try checkOutput(output, endingIn: [".html"])
      let reported = try zip(RunNames.distinct(runs), runs).map { name, path in
        var run = try ReportedRun(name: name.visible(), path: path, memory: input.memory)
        run.useModel(ReportedModel.Options(input: input, limit: limit, seed: seed), parameters: parameters)
        for note in run.notes { Terminal.logger.warning("\(run.name): \(note)") }
        return run
      }
      let page = ReportPage(reported).page
      try AtomicFile.write(to: URL(filePath: output)) { try $0.write(Data(page.html().utf8)) }
      Terminal.logger.info("\(output): a report on \(reported.map(\.name).joined(separator: ", "))")
    }
  }
}
