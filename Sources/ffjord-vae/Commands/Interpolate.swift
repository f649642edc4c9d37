import ArgumentParser
import Foundation
import ImageDatasets
import Randomness
import Runs
import Tensors
import Training

struct Interpolate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draws rows of images along straight lines in latent space between pairs of images.")

  @Argument(help: "A checkpoint file, or the directory of a run (its best checkpoint).")
  var checkpoint: String

  @Option(help: ArgumentHelp("The PNG to write.", valueName: "file"))
  var output: String

  @OptionGroup var input: ImageOptions

  @Option(help: ArgumentHelp("How many lines.", valueName: "n"))
  var rows = 8

  @Option(help: ArgumentHelp("Images a line, both ends included.", valueName: "n"))
  var steps = 10

  @Option(help: "Which pairs.")
  var seed: UInt64 = 1

  @OptionGroup var parameters: ParameterOptions

  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    if !(1...1000).contains(rows) { throw ValidationError("--rows \(rows): from 1 to 1000") }
    if !(2...1000).contains(steps) { throw ValidationError("--steps \(steps): from 2 to 1000") }
  }

  func run() throws {
    try Failure.reporting {
      compute.apply()
      try checkOutput(output, endingIn: [".png"])
      let trained = try readModel(checkpoint, parameters: parameters.choice, memory: input.memory)
      let chosen = try input.images(for: trained.state, seed: seed) { total in
        let order = RandomStream(seed: seed, purpose: .shuffle).permutation(of: total)
        return (0..<(2 * rows)).map { order[$0 % order.count] }
      }
      let evaluator = trained.evaluator(seed: seed)
      let lines = try evaluator.interpolations(
        from: chosen.images.selecting(Array(0..<rows)), to: chosen.images.selecting(Array(rows..<(2 * rows))),
        steps: steps)
      try ImageGrid.images(lines.drawn(as: chosen.polarity), columns: steps).write(
        to: URL(filePath: output))
      Terminal.logger.info("\(output): \(rows) lines of \(steps) images")
    }
  }
}
