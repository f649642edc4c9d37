import Foundation
import ImageDatasets
import Inference
import Runs
import Tensors

/// A score made ready: what else it needs than the bounds is known.
struct ScoreMethod: Sendable {
  let kind: OutlierScore
  /// What it is, in words.
  let words: String
  /// The scores of images with their bounds.
  let scores: @Sendable (_ images: GreyImages, _ bounds: [Double]) throws -> [Double]

  static let bound = ScoreMethod(kind: .bound, words: "the ELBO") { $1 }

  static let complexity = ScoreMethod(kind: .complexity, words: "ELBO + size as PNG") { images, bounds in
    OutlierScore.complexity(of: bounds, bytes: try images.compressedSizes())
  }

  /// - Parameter mean: The mean ELBO of validation images.
  static func typicality(of mean: Double) -> ScoreMethod {
    ScoreMethod(kind: .typicality, words: "-|ELBO \(mean < 0 ? "+" : "-") \(abs(mean).fixed(2))|") {
      OutlierScore.typicality(of: $1, around: mean)
    }
  }

  /// - Parameters:
  ///   - background: The evaluator of the background model.
  ///   - name: What that model is called.
  ///   - samples: The number of posterior samples for each image.
  static func likelihoodRatio(over background: Evaluator, name: String, samples: Int) -> ScoreMethod {
    let scorer = Scorer(evaluator: background, samples: samples)
    return ScoreMethod(kind: .likelihoodRatio, words: "ELBO - ELBO of \(name.visible())") { images, bounds in
      let background = try scorer.bounds(of: images, "background", name: "the background model")
      return OutlierScore.likelihoodRatio(of: bounds, background: background.bounds)
    }
  }
}

/// Scores images by several methods, with one pass of the model.
struct Scorer: Sendable {
  let evaluator: Evaluator
  let samples: Int
  var methods: [ScoreMethod] = []

  func score(_ chosen: ChosenImages, name: String) throws -> ScoredImages {
    try score(chosen.images, polarity: chosen.polarity, name: name, split: chosen.split.rawValue)
  }

  func score(_ images: GreyImages, polarity: ImagePolarity, name: String, split: String?) throws -> ScoredImages {
    let result = try bounds(of: images, "scoring \(name.visible())", name: name.visible())
    let scores = try methods.map { ($0.kind, try $0.scores(images, result.bounds)) }
    return ScoredImages(
      name: name.visible(), split: split, images: images, polarity: polarity, result: result, scores: scores)
  }

  /// The bounds of images; says which have none.
  ///
  /// - Parameters:
  ///   - title: What the progress line says.
  ///   - name: What a warning of images without a bound is about.
  func bounds(of images: GreyImages, _ title: String, name: String) throws -> Evaluator.Result {
    let result = try bounds(of: images, title, allowingUndefined: true)
    let undefined = result.undefinedImages
    if let first = undefined.first {
      let count = "\(undefined.count) of \(Terminal.count(images.count, "image")), such as image \(first),"
      Terminal.warn(of: [
        "\(name): \(count) are so far from the training images that they have no bound; they rank as the least likely, "
          + "and means leave them out"
      ])
    }
    return result
  }

  /// The bounds of images, all of which have one unless it is said otherwise.
  func bounds(
    of images: GreyImages, _ title: String, allowingUndefined: Bool = false
  ) throws -> Evaluator.Result {
    let progress = PassProgress(title)
    return try evaluator.evaluate(images, samples: samples, allowingUndefined: allowingUndefined) {
      progress.report($0, of: $1)
    }
  }
}

/// Images with their scores.
struct ScoredImages {
  /// The name of their dataset, or of how they were made.
  let name: String
  /// The part of the dataset that they are of; nil for images that were made.
  let split: String?
  let images: GreyImages
  let polarity: ImagePolarity
  let result: Evaluator.Result
  /// The scores by each method, in their order.
  let scores: [(kind: OutlierScore, values: [Double])]

  /// What they are called.
  var title: String { [name, split].compactMap { $0 }.joined(separator: ", ") }

  /// Writes the bound with its terms and the scores; to an `.npy` file the scores alone.
  func write(to path: String, texts: [(name: String, values: [String])]) throws {
    func column(_ name: String, _ numbers: [Double]) -> (name: String, tensor: Tensor) {
      (name, Tensor(numbers.map { Float($0) }, shape: [numbers.count]))
    }
    let columns = scores.map { column($0.kind.rawValue.replacing("-", with: "_"), $0.values) }
    let terms = [
      column("elbo", result.bounds), column("reconstruction", result.logLikelihoods.map { -$0 }),
      column("kl", result.klDivergences),
    ]
    let others = zip(scores, columns).filter { $0.0.kind != .bound }.map(\.1)
    try ArrayFile.write(try ArrayFile(path: path) == .npy ? columns : terms + others, texts: texts, to: path)
  }
}

extension [Double] {
  /// The mean of those that are finite; nil without any.
  var finiteMean: Double? { filter(\.isFinite).mean }
}
