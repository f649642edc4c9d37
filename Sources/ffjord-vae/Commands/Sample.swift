import ArgumentParser
import Foundation
import ImageDatasets
import NormalizingFlows
import Runs

struct Sample: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draws images that the decoder makes of samples of the prior.")

  @Argument(help: "A checkpoint file, or the directory of a run (its best checkpoint).")
  var checkpoint: String

  @OptionGroup var picture: PictureOptions

  @Option(help: ArgumentHelp("Where the samples begin.", valueName: "n"))
  var seed: UInt64 = 1

  @OptionGroup var parameters: ParameterOptions

  @OptionGroup var memory: MemoryOptions

  @OptionGroup var compute: ComputeOptions

  func run() throws {
    try Failure.reporting {
      compute.apply()
      let (output, count) = (picture.output, picture.count)
      try checkOutput(output, endingIn: [".png"])
      let trained = try readModel(checkpoint, parameters: parameters.choice, memory: memory)
      let evaluator = trained.evaluator(seed: seed)
      let columns = max(1, Int(Double(count).squareRoot().rounded(.up)))
      let samples = try evaluator.priorSamples(count: count).drawn(as: trained.configuration.polarity)
      try ImageGrid.images(samples, columns: columns).write(to: URL(filePath: output))
      Terminal.logger.info("\(output): \(count) samples")
    }
  }
}
