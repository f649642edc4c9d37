import Foundation
import Runs

/// A row of a comparison as `--json` prints it: of a run its figures, of several runs the statistics over seeds, and each
/// run below. Bounds are in nats, and where runs have them in bits a dimension, too.
struct ComparisonEntry: Encodable {
  private let group: ComparedGroup

  init(_ group: ComparedGroup) { self.group = group }

  private enum CodingKeys: String, CodingKey {
    case name, path, seed, seeds, runs, dataset, posterior, parameters, epochs, validation, test, likelihood, unit
    case published
    case epochsAtMost = "epochs_at_most"
    case bestEpoch = "best_epoch"
    case validationBits = "validation_bits_per_dimension"
    case evaluationsForward = "evaluations_forward"
    case evaluationsBackward = "evaluations_backward"
    case secondsPerEpoch = "seconds_per_epoch"
  }

  func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    let (first, configuration) = (group.first, group.first.configuration)
    try values.encode(group.name, forKey: .name)
    try values.encode(configuration.dataset, forKey: .dataset)
    try values.encode(configuration.model.posteriorSummary, forKey: .posterior)
    try values.encode(configuration.epochs, forKey: .epochsAtMost)
    try values.encode(first.unit.rawValue, forKey: .unit)
    try values.encode(first.publishedNegativeELBO, forKey: .published)
    if group.isSeveral { try encodeStatistics(&values) } else { try encodeRun(first, &values) }
  }

  private func encodeRun(_ summary: RunSummary, _ values: inout KeyedEncodingContainer<CodingKeys>) throws {
    try values.encode(summary.directory.url.relativePath, forKey: .path)
    try values.encode(summary.configuration.seed, forKey: .seed)
    try values.encode(summary.parameterCount, forKey: .parameters)
    try values.encode(summary.epochCount, forKey: .epochs)
    try values.encode(summary.best?.negativeELBO, forKey: .validation)
    try values.encode(summary.best?.epoch, forKey: .bestEpoch)
    try values.encodeIfPresent(Self.bits(summary), forKey: .validationBits)
    try values.encode(summary.testEvaluation, forKey: .test)
    try values.encode(summary.likelihoodEvaluation, forKey: .likelihood)
    try values.encode(summary.evaluationsPerBatch?.forward, forKey: .evaluationsForward)
    try values.encode(summary.evaluationsPerBatch?.backward, forKey: .evaluationsBackward)
    try values.encode(summary.secondsPerEpoch, forKey: .secondsPerEpoch)
  }

  private func encodeStatistics(_ values: inout KeyedEncodingContainer<CodingKeys>) throws {
    func encode(_ key: CodingKeys, _ figure: (RunSummary) -> Double?) throws {
      try values.encode(group.statistics(figure), forKey: key)
    }
    try values.encode(group.runs.map(\.summary.configuration.seed), forKey: .seeds)
    try values.encode(group.runs.lazy.compactMap(\.summary.parameterCount).first, forKey: .parameters)
    try encode(.epochs) { Double($0.epochCount) }
    try encode(.validation) { $0.best?.negativeELBO }
    if group.statistics(Self.bits) != nil { try encode(.validationBits, Self.bits) }
    try encode(.test) { $0.testEvaluation?.negativeELBO }
    try encode(.likelihood) { $0.likelihoodEvaluation?.nll }
    try encode(.evaluationsForward) { $0.evaluationsPerBatch?.forward }
    try encode(.evaluationsBackward) { $0.evaluationsPerBatch?.backward }
    try encode(.secondsPerEpoch, \.secondsPerEpoch)
    try values.encode(group.runs.map { ComparisonEntry(ComparedGroup($0)) }, forKey: .runs)
  }

  private static func bits(_ summary: RunSummary) -> Double? {
    summary.best.flatMap { summary.configuration.model.bitsPerDimension(nats: $0.negativeELBO) }
  }
}
