import Inference

/// What `score` prints: how well each score finds outliers.
struct ScoreResult: Encodable {
  let dataset: String
  let split: String?
  let images: Int
  let scores: [MethodResult]

  /// The mean score of the images that have one, and how well other images are found by it.
  struct MethodResult: Encodable {
    let method: String
    let mean: Double?
    let against: [Ranking]
    fileprivate let words: String

    enum CodingKeys: CodingKey { case method, mean, against }
  }

  /// How well other images are found.
  struct Ranking: Encodable {
    let dataset: String
    let split: String?
    let images: Int
    let mean: Double?
    let auroc: Double
    let averagePrecision: Double
    fileprivate let title: String

    enum CodingKeys: CodingKey { case dataset, split, images, mean, auroc, averagePrecision }
  }

  private let title: String

  enum CodingKeys: CodingKey { case dataset, split, images, scores }

  init(_ own: ScoredImages, _ others: [ScoredImages], by methods: [ScoreMethod]) {
    (dataset, split, title, images) = (own.name, own.split, own.title, own.images.count)
    scores = methods.enumerated().map { place, method in
      let inside = own.scores[place].values
      let against = others.map { other in
        let outside = other.scores[place].values
        return Ranking(
          dataset: other.name, split: other.split, images: outside.count, mean: outside.finiteMean,
          auroc: OutlierRanking.areaUnderCurve(inDistribution: inside, outOfDistribution: outside),
          averagePrecision: OutlierRanking.averagePrecision(inDistribution: inside, outOfDistribution: outside),
          title: other.title)
      }
      return MethodResult(
        method: method.kind.rawValue, mean: inside.finiteMean, against: against, words: method.words)
    }
  }

  /// A group of lines for each score.
  var table: String {
    var table = TextTable(columns: [
      ("images", .left), ("number", .right), ("mean, nats", .right), ("AUROC", .right), ("average precision", .right),
    ])
    for score in scores {
      let own: [TextTable.Cell] = [.init(title), .init("\(images)"), .init(score.mean?.fixed(2) ?? "-"), "", ""]
      let others: [[TextTable.Cell]] = score.against.map { other in
        [
          .init("against \(other.title)"), .init("\(other.images)"), .init(other.mean?.fixed(2) ?? "-"),
          .init(other.auroc.fixed(4)), .init(other.averagePrecision.fixed(4)),
        ]
      }
      table.groups.append(("\(score.method): \(score.words)", [own] + others))
    }
    return table.text
  }
}
