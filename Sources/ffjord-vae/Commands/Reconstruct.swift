import ArgumentParser
import Foundation
import ImageDatasets
import Runs

struct Reconstruct: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draws images, spread over the split, beside their reconstructions through the latent space.")

  @Argument(help: "A checkpoint file, or the directory of a run (its best checkpoint).")
  var checkpoint: String

  @OptionGroup var picture: PictureOptions

  @OptionGroup var input: ImageOptions

  @Option(help: ArgumentHelp("Where the noise begins.", valueName: "n"))
  var seed: UInt64 = 1

  @OptionGroup var parameters: ParameterOptions

  @OptionGroup var compute: ComputeOptions

  func run() throws {
    try Failure.reporting {
      compute.apply()
      let (output, count) = (picture.output, picture.count)
      try checkOutput(output, endingIn: [".png"])
      let trained = try readModel(checkpoint, parameters: parameters.choice, memory: input.memory)
      let chosen = try input.images(for: trained.state, seed: seed) { total in
        let shown = min(count, total)
        return (0..<shown).map { $0 * total / shown }
      }
      let images = chosen.images
      let shown = images.count
      let evaluator = trained.evaluator(seed: seed)
      let columns = max(1, Int((Double(shown) / 2).squareRoot().rounded(.up)))
      let grid = ImageGrid.pairs(
        originals: images.drawn(as: chosen.polarity),
        reconstructions: try evaluator.reconstructions(of: images).drawn(as: chosen.polarity), columns: columns)
      try grid.write(to: URL(filePath: output))
      Terminal.logger.info("\(output): \(shown) images, each with its reconstruction on the right")
    }
  }
}
