import ArgumentParser
import Foundation
import ImageDatasets
import Inference
import Runs

struct Reconstruct: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draws images beside their reconstructions.",
    discussion: """
      The images are spread evenly over the split. With --samples K, each has K reconstructions, from K samples of its \
      posterior, and a picture of their standard deviation, which shows where the model is not certain: white is zero, \
      black the greatest, which is printed.

        ffjord-vae reconstruct Checkpoints/first --output reconstructions.png
        ffjord-vae reconstruct omniglot --samples 6 --count 20 --output spread.png
      """)

  @Argument(help: .checkpoint, completion: .checkpoint)
  var checkpoint: String

  @OptionGroup(title: "Model") var parameters: ParameterOptions
  @OptionGroup(title: "Output") var picture: PictureOptions
  @OptionGroup(title: "Output") var spread: SpreadOptions
  @OptionGroup(title: "Output") var random: SeedOptions
  @OptionGroup(title: "Output") var messages: MessageOptions
  @OptionGroup var input: ImageOptions
  @OptionGroup(title: "Machine") var compute: ComputeOptions

  /// How many reconstructions an image has.
  struct SpreadOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Reconstructions per image", .count))
    var samples = 1

    func validate() throws { try check("--samples", samples, in: 1...100) }
  }

  private var samples: Int { spread.samples }

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
      try checkOutput(output, isApartFrom: [chosen.place])
      let images = chosen.images
      let shown = images.count
      let evaluator = trained.evaluator(seed: random.seed)
      let spread = try evaluator.spread(of: images, samples: samples)
      let greatest = spread.standardDeviation.pixels.max() ?? 0
      try drawn(images, spread, greatest, chosen.polarity).write(to: URL(filePath: output))
      let what =
        samples == 1
        ? "its reconstruction"
        : "\(samples) reconstructions and their standard deviation (black: \(Double(greatest).fixed(3)))"
      Terminal.logger.info("\(output): \(Terminal.count(shown, "image")), each with \(what) on the right")
    }
  }

  /// The images and their reconstructions, in about as many rows as columns; of several samples with the deviation, whose
  /// greatest is drawn black.
  private func drawn(
    _ images: GreyImages, _ spread: PosteriorSpread, _ greatest: Float, _ polarity: ImagePolarity
  ) -> PNGImage {
    let reconstructions = spread.reconstructions.map { $0.drawn(as: polarity) }
    // Ink, whichever way the images are drawn: the eye goes to what is dark.
    let deviation = GreyImages(
      height: images.height, width: images.width,
      pixels: spread.standardDeviation.pixels.map { greatest > 0 ? $0 / greatest : 0 })
    let members = [images.drawn(as: polarity)] + reconstructions + (samples > 1 ? [deviation] : [])
    let columns = max(1, Int((Double(images.count) / Double(members.count)).squareRoot().rounded(.up)))
    return ImageGrid(columns: columns).layOut(members, isApart: samples > 1)
  }
}
