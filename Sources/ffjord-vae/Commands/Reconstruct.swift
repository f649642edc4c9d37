import ArgumentParser
import Foundation
import ImageDatasets
import Runs

struct Reconstruct: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draws images, spread over the split, beside their reconstructions through the latent space.",
    discussion: """
        ffjord-vae reconstruct Checkpoints/first --output reconstructions.png
        ffjord-vae reconstruct Checkpoints/first --split train --output train.png
      """)

  @Argument(help: .checkpoint, completion: .checkpoint)
  var checkpoint: String

  @OptionGroup(title: "Model") var parameters: ParameterOptions
  @OptionGroup(title: "Output") var picture: PictureOptions
  @OptionGroup(title: "Output") var random: SeedOptions
  @OptionGroup(title: "Output") var messages: MessageOptions
  @OptionGroup var input: ImageOptions
  @OptionGroup(title: "Machine") var compute: ComputeOptions

  func run() throws {
    try Failure.reporting {
      messages.apply()
      compute.apply()
      let (output, count) = (picture.output, picture.count)
      try checkOutput(output, endingIn: [".png"])
      let trained = try readModel(checkpoint, parameters: parameters.choice, memory: input.memory)
      let chosen = try input.images(for: trained.state, seed: random.seed) { total in
        let shown = min(count, total)
        return (0..<shown).map { $0 * total / shown }
      }
      let images = chosen.images
      let shown = images.count
      let evaluator = trained.evaluator(seed: random.seed)
      let columns = max(1, Int((Double(shown) / 2).squareRoot().rounded(.up)))
      let grid = ImageGrid.pairs(
        originals: images.drawn(as: chosen.polarity),
        reconstructions: try evaluator.reconstructions(of: images).drawn(as: chosen.polarity), columns: columns)
      try grid.write(to: URL(filePath: output))
      Terminal.logger.info("\(output): \(shown) images, each with its reconstruction on the right")
    }
  }
}
