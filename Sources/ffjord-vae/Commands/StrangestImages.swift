import ImageDatasets
import Inference
import Runs

/// The images of the lowest scores, the model's own and others together. Those without a bound have no reconstruction
/// either, and are left out.
struct StrangestImages {
  private let sets: [ScoredImages]
  /// The set and the index in it of each image, from the lowest score.
  private let places: [(set: Int, index: Int)]
  private let total: Int

  /// - Parameters:
  ///   - count: How many; fewer where there are fewer.
  ///   - own: The model's own images.
  ///   - others: The others. The first of their scores counts.
  init(_ count: Int, of own: ScoredImages, _ others: [ScoredImages]) {
    sets = [own] + others
    let all = sets.enumerated().flatMap { set, images in
      (images.scores.first?.values ?? []).enumerated().map { (set: set, index: $0.offset, score: $0.element) }
    }
    total = all.count
    places = all.filter(\.score.isFinite).sorted { $0.score < $1.score }.prefix(count).map { ($0.set, $0.index) }
  }

  /// The images, each beside its reconstruction; others in a dark frame.
  ///
  /// - Throws: `RunError.unusableImages` where no image has a score; what reconstructing them throws.
  func drawn(by evaluator: Evaluator) throws -> PNGImage {
    guard !places.isEmpty else { throw RunError.unusableImages("no image has a bound, so that there is none to draw") }
    let images = GreyImages(joining: places.map { sets[$0.set].images.selecting([$0.index]) })
    let reconstructions = try evaluator.reconstructions(of: images)
    let drawn = zip(places.indices, places).map { number, place in
      (
        images.selecting([number]).drawn(as: sets[place.set].polarity),
        reconstructions.selecting([number]).drawn(as: sets[place.set].polarity)
      )
    }
    // Half as many columns as rows of pairs make about a square.
    let columns = max(1, Int((Double(places.count) / 2).squareRoot().rounded(.up)))
    return ImageGrid(columns: columns).layOut(
      [GreyImages(joining: drawn.map(\.0)), GreyImages(joining: drawn.map(\.1))],
      framed: Set(places.indices.filter { places[$0].set > 0 }))
  }

  /// What the picture shows.
  var words: String {
    let framed = places.count { $0.set > 0 }
    let what = "the \(Terminal.count(places.count, "strangest image")) of \(total), each with its reconstruction"
    return sets.count == 1 ? what : what + "; \(framed) in a frame are not of \(sets[0].title)"
  }
}
