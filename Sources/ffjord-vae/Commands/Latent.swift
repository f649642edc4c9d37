import ArgumentParser
import Foundation
import ImageDatasets
import Inference
import Runs

struct Latent: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draws what the decoder makes of every code, for models of two latent dimensions.",
    discussion: """
      A grid of images: the first coordinate of their codes grows to the right, the second upward, in steps of equal \
      probability under the prior (Kingma and Welling 2014). No dataset is needed. \
      'train --latent 2' makes such a model.

        ffjord-vae latent Checkpoints/plane --output manifold.png
      """)

  @Argument(help: .checkpoint, completion: .checkpoint)
  var checkpoint: String

  @OptionGroup(title: "Model") var parameters: ParameterOptions
  @OptionGroup(title: "Output") var grid: GridOptions
  @OptionGroup(title: "Output") var messages: MessageOptions
  @OptionGroup(title: "Machine") var compute: ComputeOptions
  @OptionGroup(title: "Machine") var memory: MemoryOptions

  /// The grid of codes.
  struct GridOptions: ParsableArguments {
    @Option(help: ArgumentHelp("PNG to write", valueName: "file"), completion: .file(extensions: ["png"]))
    var output: String

    @Option(help: ArgumentHelp("Images along either axis", .count))
    var steps = 20

    func validate() throws { try check("--steps", steps, in: 1...100) }
  }

  func run() throws {
    try Failure.reporting {
      messages.apply()
      compute.apply()
      try checkOutput(grid.output, endingIn: [".png"])
      let trained = try readModel(checkpoint, parameters: parameters.choice, memory: memory)
      try checkOutput(grid.output, isApartFrom: [trained.configuration.dataset])
      let latent = trained.configuration.model.latent
      guard latent == 2 else {
        throw RunError.invalidConfiguration(
          "latent draws models of 2 latent dimensions, and \(checkpoint) has \(latent). 'ffjord-vae train --latent 2' "
            + "trains one that can be drawn; 'ffjord-vae interpolate' and 'ffjord-vae sample' draw models of any.")
      }
      let images = try trained.evaluator().manifold(side: grid.steps)
      try ImageGrid(columns: grid.steps, scale: 2, gap: 0, margin: 8)
        .layOut(images.drawn(as: trained.configuration.polarity)).write(to: URL(filePath: grid.output))
      Terminal.logger.info(
        "\(grid.output): \(images.count) codes, from quantile \((0.5 / Double(grid.steps)).fixed(3)) of the prior on")
    }
  }
}
