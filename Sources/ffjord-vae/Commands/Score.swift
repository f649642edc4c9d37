import ArgumentParser
import Foundation
import ImageDatasets
import Inference
import NormalizingFlows
import Runs
import Tensors

extension OutOfDistributionImages: ExpressibleByArgument {}

struct Score: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes each image's ELBO: a likelihood score, low for images out of distribution.",
    discussion: """
      The format follows the output's name. .safetensors holds elbo, reconstruction and kl, each [images]; .npy the ELBO \
      alone; .csv a row for each image. Of your own images, .csv and .safetensors have the file, and the label where \
      folders are classes. Several samples give a steadier score.

      With --against, as many other images are scored as well and the area under the ROC curve is printed: the \
      probability that an image of the dataset scores above one of the others.
      """)

  @Argument(help: "A checkpoint file, or the directory of a run (its best checkpoint).")
  var checkpoint: String

  @Option(help: ArgumentHelp("The file to write: .safetensors, .npy or .csv.", valueName: "file"))
  var output: String

  @OptionGroup var input: ImageOptions

  @Option(help: ArgumentHelp("Use only the first images.", valueName: "n"))
  var limit: Int?

  @Option(help: "The divergence: exact, or an estimate with gaussian or rademacher noise.")
  var divergence: Divergence = .exact

  @Option(
    help: ArgumentHelp("Samples of the posterior for each image, of which the mean is taken.", valueName: "k")
  )
  var samples = 1

  @Option(
    help: ArgumentHelp(
      "Rank against other images: \(OutOfDistributionImages.allCases.map(\.rawValue).joined(separator: ", ")). May be repeated.",
      valueName: "kind"))
  var against: [OutOfDistributionImages] = []

  @Option(help: "Where the noise begins.")
  var seed: UInt64 = 1

  @OptionGroup var parameters: ParameterOptions

  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit \(limit): a positive number of images") }
    if samples < 1 { throw ValidationError("--samples \(samples): a positive number") }
  }

  func run() throws {
    try Failure.reporting {
      compute.apply()
      try checkOutput(output, endingIn: ArrayFile.allCases.map { ".\($0.rawValue)" })
      let format = try ArrayFile(path: output)
      let trained = try readModel(checkpoint, parameters: parameters.choice, memory: input.memory)
      let chosen = try input.images(for: trained.state, seed: seed, limit: limit)
      let images = chosen.images
      try chosen.warnOfLostNames(in: output)
      let evaluator = trained.evaluator(divergence: divergence, seed: seed)
      let result = try score(images, with: evaluator, "scoring")
      func column(_ numbers: [Double]) -> Tensor {
        Tensor(numbers.map { Float($0) }, shape: [numbers.count])
      }
      let bound = ("elbo", column(result.bounds))
      let terms = [
        ("reconstruction", column(result.logLikelihoods.map { -$0 })), ("kl", column(result.klDivergences)),
      ]
      try ArrayFile.write(format == .npy ? [bound] : [bound] + terms, texts: chosen.texts, to: output)
      Terminal.logger.info(
        "\(output): ELBO of \(images.count) images in nats, mean \((-result.metrics.mean.negativeELBO).fixed(3))"
      )
      for kind in against {
        let others = try score(kind.images(from: images, seed: seed), with: evaluator, "scoring \(kind.rawValue)")
        let area = OutlierRanking.areaUnderCurve(inDistribution: result.bounds, outOfDistribution: others.bounds)
        print(
          "against \(kind.rawValue): AUROC \(area.fixed(4)), mean ELBO of the others "
            + (-others.metrics.mean.negativeELBO).fixed(3))
      }
    }
  }

  private func score(
    _ images: GreyImages, with evaluator: Evaluator, _ title: String
  ) throws -> Evaluator.Result {
    let progress = PassProgress(title)
    return try evaluator.evaluate(images, samples: samples) { progress.report($0, of: $1) }
  }
}
