import ArgumentParser
import Foundation
import ImageDatasets
import Randomness
import Runs
import Tensors
import Training

struct Interpolate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draws images along straight lines in latent space.",
    discussion: """
      Each row begins and ends with an image of the data, and has decoded points of the line between their codes in \
      between. With --images, each row goes from one of these images to the next; without, pairs are drawn at random.

        ffjord-vae interpolate Checkpoints/first --output lines.png
        ffjord-vae interpolate omniglot --images 0,17,4 --output lines.png
      """)

  @Argument(help: .checkpoint, completion: .checkpoint)
  var checkpoint: String

  @OptionGroup(title: "Model") var parameters: ParameterOptions
  @OptionGroup(title: "Output") var lines: LineOptions
  @OptionGroup(title: "Output") var messages: MessageOptions
  @OptionGroup var input: ImageOptions
  @OptionGroup(title: "Machine") var compute: ComputeOptions

  /// Which lines are drawn.
  struct LineOptions: ParsableArguments {
    @Option(help: ArgumentHelp("PNG to write", valueName: "file"), completion: .file(extensions: ["png"]))
    var output: String

    @Option(help: ArgumentHelp("Images to join, counted from 0", valueName: "indices"))
    var images: ImageIndices?

    @Option(help: ArgumentHelp("Number of lines, without --images", .count))
    var rows = 8

    @Option(help: ArgumentHelp("Images per line, with both ends", .count))
    var steps = 10

    @OptionGroup var random: SeedOptions

    func validate() throws {
      try check("--rows", rows, in: 1...1000)
      try check("--steps", steps, in: 2...1000)
      if let images, images.indices.count < 2 {
        throw ValidationError("--images", mustBe: "two indices or more", got: images.indices.count)
      }
    }
  }

  func run() throws {
    try Failure.reporting {
      messages.apply()
      compute.apply()
      let (output, rows, steps, seed) = (lines.output, lines.rows, lines.steps, lines.random.seed)
      try checkOutput(output, endingIn: [".png"])
      let trained = try readModel(checkpoint, parameters: parameters.choice, memory: input.memory)
      let chosen = try input.images(for: trained.state, seed: seed) { total in
        if let images = lines.images {
          let path = try images.checked(total, option: "--images")
          return path.dropLast() + path.dropFirst()
        }
        let order = RandomStream(seed: seed, purpose: .shuffle).permutation(of: total)
        return (0..<(2 * rows)).map { order[$0 % order.count] }
      }
      try checkOutput(output, isApartFrom: [chosen.place])
      let evaluator = trained.evaluator(seed: seed)
      let count = chosen.images.count / 2
      let picture = try InterpolationPicture(
        from: chosen.images.selecting(Array(0..<count)), to: chosen.images.selecting(Array(count..<2 * count)),
        steps: steps, with: evaluator)
      try picture.drawn(as: chosen.polarity).write(to: URL(filePath: output))
      Terminal.logger.info(
        "\(output): \(Terminal.count(count, "line")) of \(steps) images, between the originals at their ends")
    }
  }
}
