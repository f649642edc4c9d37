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

        ffjord-vae score Checkpoints/first --output scores.csv
        ffjord-vae score Checkpoints/first --against noise --output scores.npy
      """)

  @Argument(help: .checkpoint, completion: .checkpoint)
  var checkpoint: String

  @OptionGroup(title: "Model") var parameters: ParameterOptions
  @OptionGroup(title: "Bound") var bound: BoundOptions
  @OptionGroup(title: "Output") var array: ArrayOutputOptions
  @OptionGroup(title: "Output") var messages: MessageOptions
  @OptionGroup var input: ImageOptions
  @OptionGroup(title: "Data") var extent: LimitOptions
  @OptionGroup(title: "Data") var others: OtherImageOptions
  @OptionGroup(title: "Machine") var compute: ComputeOptions

  /// What images are ranked against.
  struct OtherImageOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Rank against other images; repeatable", valueName: "kind"))
    var against: [OutOfDistributionImages] = []
  }

  /// How the bound is estimated.
  struct BoundOptions: ParsableArguments {
    @OptionGroup var estimate: DivergenceOptions

    @Option(help: ArgumentHelp("Posterior samples per image, averaged", .count))
    var samples = 1

    @OptionGroup var random: SeedOptions

    func validate() throws { try check("--samples", samples, in: 1...) }
  }

  func run() throws {
    try Failure.reporting {
      messages.apply()
      compute.apply()
      let output = array.output
      try checkOutput(output, endingIn: ArrayFile.allCases.map { ".\($0.rawValue)" })
      let format = try ArrayFile(path: output)
      let trained = try readModel(checkpoint, parameters: parameters.choice, memory: input.memory)
      let chosen = try input.images(for: trained.state, seed: self.bound.random.seed, limit: extent.limit)
      let images = chosen.images
      try chosen.warnOfLostNames(in: output)
      let evaluator = trained.evaluator(divergence: bound.estimate.divergence, seed: bound.random.seed)
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
      for kind in others.against {
        let drawn = kind.images(from: images, seed: self.bound.random.seed)
        let scores = try score(drawn, with: evaluator, "scoring \(kind.rawValue)")
        let area = OutlierRanking.areaUnderCurve(inDistribution: result.bounds, outOfDistribution: scores.bounds)
        print(
          "against \(kind.rawValue): AUROC \(area.fixed(4)), mean ELBO of the others "
            + (-scores.metrics.mean.negativeELBO).fixed(3))
      }
    }
  }

  private func score(
    _ images: GreyImages, with evaluator: Evaluator, _ title: String
  ) throws -> Evaluator.Result {
    let progress = PassProgress(title)
    return try evaluator.evaluate(images, samples: bound.samples) { progress.report($0, of: $1) }
  }
}
