import ArgumentParser
import Foundation
import ImageDatasets
import Randomness
import Runs
import Tensors
import Training

struct Interpolate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draws rows of images along straight lines in latent space between pairs of images.",
    discussion: """
      Pairs are chosen at random, by the seed.

        ffjord-vae interpolate Checkpoints/first --output lines.png
        ffjord-vae interpolate Checkpoints/first --rows 4 --output lines.png
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

    @Option(help: ArgumentHelp("Number of lines", .count))
    var rows = 8

    @Option(help: ArgumentHelp("Images per line, with both ends", .count))
    var steps = 10

    @OptionGroup var random: SeedOptions

    func validate() throws {
      try check("--rows", rows, in: 1...1000)
      try check("--steps", steps, in: 2...1000)
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
        let order = RandomStream(seed: seed, purpose: .shuffle).permutation(of: total)
        return (0..<(2 * rows)).map { order[$0 % order.count] }
      }
      let evaluator = trained.evaluator(seed: seed)
      let drawn = try evaluator.interpolations(
        from: chosen.images.selecting(Array(0..<rows)), to: chosen.images.selecting(Array(rows..<(2 * rows))),
        steps: steps)
      try ImageGrid.images(drawn.drawn(as: chosen.polarity), columns: steps).write(
        to: URL(filePath: output))
      Terminal.logger.info("\(output): \(rows) lines of \(steps) images")
    }
  }
}
