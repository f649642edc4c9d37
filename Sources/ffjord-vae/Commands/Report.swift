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
        ffjord-vae report Checkpoints/a Checkpoints/b omniglot --output report.html
      """)

  @Argument(help: ArgumentHelp("Folders of runs, or checkpoint files", valueName: "run"), completion: .checkpoint)
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

    @Option(help: ArgumentHelp("Images to score and to map", .count))
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
      let reported = try zip(RunNames.distinct(runs), runs).map { name, path in
        var run = try ReportedRun(name: name.visible(), path: path, memory: input.memory)
        let options = ReportedModel.Options(input: input, limit: target.limit, seed: target.random.seed)
        run.useModel(options, parameters: parameters)
        for note in run.notes { Terminal.logger.warning("\(run.name): \(note)") }
        return run
      }
      let page = ReportPage(reported).page
      try AtomicFile.write(to: URL(filePath: output)) { try $0.write(Data(page.html().utf8)) }
      Terminal.logger.info("\(output): a report on \(reported.map(\.name).joined(separator: ", "))")
    }
  }
}
