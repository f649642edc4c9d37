import ArgumentParser
import Foundation
import Runs

struct Encode: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes the latent codes of images: mean, variance, z0 and zT.",
    discussion: """
      The output's extension chooses the format: .safetensors with four arrays [images, latent], .npy with one array \
      [images, 4, latent], or .csv with a row for each image. For your own images, .csv and .safetensors also have the \
      name of the file, and the label where folders are classes.

        ffjord-vae encode Checkpoints/first --output codes.npy
        ffjord-vae encode Checkpoints/first --dataset photos/ --output codes.csv
      """)

  @Argument(help: .checkpoint, completion: .checkpoint)
  var checkpoint: String

  @OptionGroup(title: "Model") var parameters: ParameterOptions
  @OptionGroup(title: "Model") var codes: CodeOptions
  @OptionGroup(title: "Output") var array: ArrayOutputOptions
  @OptionGroup(title: "Output") var messages: MessageOptions
  @OptionGroup var input: ImageOptions
  @OptionGroup(title: "Data") var extent: LimitOptions
  @OptionGroup(title: "Machine") var compute: ComputeOptions

  /// Which code an image has.
  struct CodeOptions: ParsableArguments {
    @Flag(help: "Begin the flow at the mean, not at a sample")
    var mean = false

    @OptionGroup var random: SeedOptions
  }

  func run() throws {
    try Failure.reporting {
      messages.apply()
      compute.apply()
      let output = array.output
      try checkOutput(output, endingIn: ArrayFile.allCases.map { ".\($0.rawValue)" })
      let trained = try readModel(checkpoint, parameters: parameters.choice, memory: input.memory)
      let chosen = try input.images(for: trained.state, seed: codes.random.seed, limit: extent.limit)
      try checkOutput(output, isApartFrom: [chosen.place])
      let images = chosen.images
      try chosen.warnOfLostNames(in: output)
      let evaluator = trained.evaluator(seed: codes.random.seed)
      let progress = PassProgress("encoding")
      let result = try evaluator.codes(of: images, isMean: codes.mean) { progress.report($0, of: $1) }
      try ArrayFile.write(result.arrays, texts: chosen.texts, to: output)
      Terminal.logger.info(
        "\(output): codes of \(Terminal.count(images.count, "image")) (mean, variance, z0, zT), \(result.zT.shape[1]) numbers each"
      )
    }
  }
}
