import ArgumentParser
import Foundation
import ImageDatasets
import NormalizingFlows
import Runs

struct Sample: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draws samples of the model: codes from the prior, decoded.",
    discussion: """
      No dataset is needed.

        ffjord-vae sample Checkpoints/first --output samples.png
        ffjord-vae sample Checkpoints/first --count 100 --seed 2 --output s.png
      """)

  @Argument(help: .checkpoint, completion: .checkpoint)
  var checkpoint: String

  @OptionGroup(title: "Model") var parameters: ParameterOptions
  @OptionGroup(title: "Output") var picture: PictureOptions
  @OptionGroup(title: "Output") var random: SeedOptions
  @OptionGroup(title: "Output") var messages: MessageOptions
  @OptionGroup(title: "Machine") var compute: ComputeOptions
  @OptionGroup(title: "Machine") var memory: MemoryOptions

  func run() throws {
    try Failure.reporting {
      messages.apply()
      compute.apply()
      let (output, count) = (picture.output, picture.count)
      try checkOutput(output, endingIn: [".png"])
      let trained = try readModel(checkpoint, parameters: parameters.choice, memory: memory)
      try checkOutput(output, isApartFrom: [trained.configuration.dataset])
      let evaluator = trained.evaluator(seed: random.seed)
      let columns = max(1, Int(Double(count).squareRoot().rounded(.up)))
      let samples = try evaluator.priorSamples(count: count).drawn(as: trained.configuration.polarity)
      try ImageGrid.images(samples, columns: columns).write(to: URL(filePath: output))
      Terminal.logger.info("\(output): \(Terminal.count(count, "sample"))")
    }
  }
}
