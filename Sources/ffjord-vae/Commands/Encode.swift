import ArgumentParser
import Foundation
import Runs

struct Encode: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes the latent codes of images: mean, variance, z0 and zT.",
    discussion: """
      The format follows the output's name. .safetensors holds four arrays [images, latent]; .npy one of \
      [images, 4, latent]; .csv a row for each image. Of your own images, .csv and .safetensors have the file, and the \
      label where folders are classes.
      """)

  @Argument(help: "A checkpoint file, or the directory of a run (its best checkpoint).")
  var checkpoint: String

  @Option(help: ArgumentHelp("The file to write: .safetensors, .npy or .csv.", valueName: "file"))
  var output: String

  @OptionGroup var input: ImageOptions

  @Option(help: ArgumentHelp("Use only the first images.", valueName: "n"))
  var limit: Int?

  @Flag(help: "Begin the flow at the posterior's mean, not at a sample.")
  var mean = false

  @Option(help: "Where the noise begins.")
  var seed: UInt64 = 1

  @OptionGroup var parameters: ParameterOptions

  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit \(limit): a positive number of images") }
  }

  func run() throws {
    try Failure.reporting {
      compute.apply()
      try checkOutput(output, endingIn: ArrayFile.allCases.map { ".\($0.rawValue)" })
      let trained = try readModel(checkpoint, parameters: parameters.choice, memory: input.memory)
      let chosen = try input.images(for: trained.state, seed: seed, limit: limit)
      let images = chosen.images
      try chosen.warnOfLostNames(in: output)
      let evaluator = trained.evaluator(seed: seed)
      let progress = PassProgress("encoding")
      let codes = try evaluator.codes(of: images, isMean: mean) { progress.report($0, of: $1) }
      try ArrayFile.write(codes.arrays, texts: chosen.texts, to: output)
      Terminal.logger.info(
        "\(output): codes of \(images.count) images (mean, variance, z0, zT), \(codes.zT.shape[1]) numbers each"
      )
    }
  }
}
