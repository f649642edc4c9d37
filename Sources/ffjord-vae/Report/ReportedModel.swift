import Foundation
import ImageDatasets
import Inference
import NormalizingFlows
import Randomness
import Runs
import Tensors

/// What a trained model makes: samples, and where the data are at hand reconstructions, interpolations, scores and codes.
struct ReportedModel {
  /// Which images are used, how many, and with which noise.
  struct Options {
    let input: ImageOptions
    let limit: Int
    let seed: UInt64
  }

  /// What the model makes of images.
  struct Work {
    /// The images, spread over their split.
    let images: ChosenImages
    /// The index of each image in its split.
    let places: [Int]
    let split: String
    let reconstructions: PNGImage
    let interpolations: PNGImage
    let scores: Evaluator.Result
    /// The images of the lowest bound, the lowest first, each beside its reconstruction.
    let strangest: [(index: Int, picture: PNGImage)]
    /// zT of each image, from the posterior's mean, `[images, latent]`.
    let codes: Tensor
  }

  private static let reconstructionCount = 40
  private static let lineCount = 6
  private static let stepCount = 8
  private static let sampleCount = 60
  private static let strangestCount = 12

  /// Samples of the prior, decoded.
  let samples: PNGImage
  /// What it makes of images; nil without data.
  private(set) var work: Work?

  /// Draws samples of the prior.
  init(_ trained: TrainedModel, seed: UInt64) throws {
    let images = try trained.evaluator(seed: seed).priorSamples(count: Self.sampleCount)
    samples = ImageGrid(columns: 10, scale: 3).layOut(images.drawn(as: trained.configuration.polarity))
  }

  /// Uses the model on images.
  mutating func use(_ trained: TrainedModel, _ options: Options) throws {
    var places: [Int] = []
    let images = try options.input.images(for: trained.state, seed: options.seed) { total in
      let count = min(options.limit, total)
      places = (0..<count).map { $0 * total / count }
      return places
    }
    let evaluator = trained.evaluator(divergence: .exact, seed: options.seed)
    let scoring = PassProgress("scoring")
    let scores = try evaluator.evaluate(images.images) { scoring.report($0, of: $1) }
    let encoding = PassProgress("encoding")
    let codes = try evaluator.codes(of: images.images, isMean: true) { encoding.report($0, of: $1) }
    work = Work(
      images: images, places: places, split: options.input.split.rawValue,
      reconstructions: try reconstructions(images, evaluator),
      interpolations: try interpolations(images, evaluator, seed: options.seed), scores: scores,
      strangest: try strangest(images, scores, evaluator), codes: codes.zT)
  }

  private func reconstructions(_ images: ChosenImages, _ evaluator: Evaluator) throws -> PNGImage {
    let count = min(Self.reconstructionCount, images.images.count)
    let shown = images.images.selecting((0..<count).map { $0 * images.images.count / count })
    return ImageGrid(columns: 5, scale: 3).layOut(
      originals: shown.drawn(as: images.polarity),
      reconstructions: try evaluator.reconstructions(of: shown).drawn(as: images.polarity))
  }

  private func interpolations(_ images: ChosenImages, _ evaluator: Evaluator, seed: UInt64) throws -> PNGImage {
    let order = RandomStream(seed: seed, purpose: .shuffle).permutation(of: images.images.count)
    let ends = (0..<2 * Self.lineCount).map { order[$0 % order.count] }
    return try InterpolationPicture(
      from: images.images.selecting(Array(ends.prefix(Self.lineCount))),
      to: images.images.selecting(Array(ends.suffix(Self.lineCount))), steps: Self.stepCount, with: evaluator
    ).drawn(as: images.polarity)
  }

  private func strangest(
    _ images: ChosenImages, _ scores: Evaluator.Result, _ evaluator: Evaluator
  ) throws -> [(index: Int, picture: PNGImage)] {
    let order = scores.bounds.indices.sorted { scores.bounds[$0] < scores.bounds[$1] }.prefix(Self.strangestCount)
    let chosen = images.images.selecting(Array(order))
    let reconstructions = try evaluator.reconstructions(of: chosen).drawn(as: images.polarity)
    let originals = chosen.drawn(as: images.polarity)
    return order.enumerated().map { place, index in
      let pair = ImageGrid(columns: 1, scale: 3).layOut(
        originals: originals.selecting([place]), reconstructions: reconstructions.selecting([place]))
      return (index, pair)
    }
  }
}
