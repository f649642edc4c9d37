import Foundation
import Randomness
import Tensors
import Testing

@testable import Inference
@testable import Runs

/// Means in which every image counts the same, and lines of metrics.
@Suite struct MetricsTests {
  private func metrics(_ elbo: Double, evaluations: Double) -> Metrics {
    var metrics = Metrics()
    metrics.negativeELBO = elbo
    metrics.reconstruction = elbo - 1
    metrics.kl = 1
    metrics.evaluationsForward = evaluations
    metrics.evaluationsBackward = evaluations / 2
    return metrics
  }

  @Test func `a short last batch counts for its images, and evaluations for their batches`() {
    var sum = MetricsSum()
    sum.add(metrics(100, evaluations: 20), images: 4)
    sum.add(metrics(100, evaluations: 20), images: 4)
    sum.add(metrics(10, evaluations: 50), images: 2)
    #expect(sum.images == 10)
    #expect(sum.mean.negativeELBO == 82)
    #expect(sum.mean.reconstruction == 81)
    #expect(sum.mean.kl == 1)
    #expect(sum.mean.evaluationsForward == 30)
    #expect(sum.mean.evaluationsBackward == 15)
  }

  @Test func `integrals that regularize are means over images, and absent where they were not formed`() {
    var sum = MetricsSum()
    for (energy, count) in [(1.0, 4), (6.0, 1)] {
      var batch = metrics(100, evaluations: 20)
      batch.kineticEnergy = energy
      sum.add(batch, images: count)
    }
    #expect(sum.mean.kineticEnergy == 2 && sum.mean.jacobianNorm == nil)
  }

  @Test func `sums of nothing have means of zero`() {
    #expect(MetricsSum().mean == Metrics())
  }

  @Test func `sums survive JSON bit for bit, and go on from there`() throws {
    var sum = MetricsSum()
    sum.add(metrics(100.0 / 3, evaluations: 7), images: 7)
    sum.add(metrics(Double.pi * 1e9, evaluations: 1), images: 3)
    var copy = try JSONDecoder().decode(MetricsSum.self, from: JSONEncoder().encode(sum))
    #expect(copy == sum)
    sum.add(metrics(1e-7, evaluations: 2), images: 1)
    copy.add(metrics(1e-7, evaluations: 2), images: 1)
    #expect(copy == sum && copy.mean == sum.mean)
  }

  @Test func `a record is written under the published keys`() throws {
    let record = MetricsRecord(step: 3, epoch: 1, split: "train", metrics(5, evaluations: 8), seconds: 0.5)
    let object = try #require(
      try JSONSerialization.jsonObject(with: JSONEncoder().encode(record)) as? [String: Any])
    #expect(
      Set(object.keys) == [
        "step", "epoch", "split", "negative_elbo", "reconstruction", "kl", "evaluations_forward",
        "evaluations_backward", "seconds",
      ])
    #expect(try JSONDecoder().decode(MetricsRecord.self, from: JSONEncoder().encode(record)) == record)
  }
}

/// log of the mean of exponentials.
@Suite struct LogMeanExpTests {
  private func stable(_ values: [Double]) -> Double {
    var mean = LogMeanExp()
    for value in values { mean.add(value) }
    return mean.value
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `it is the naive formula where that does not overflow`(seed: UInt64) {
    let values = RandomStream(seed: seed, purpose: .test).normals(0..<50).map { 5 * Double($0) }
    let naive = log(values.reduce(0) { $0 + exp($1) } / 50)
    #expect(abs(stable(values) - naive) < 1e-12 * max(1, abs(naive)))
  }

  @Test(arguments: [1e6, -1e6, 1e300, -1e300, 800, -800])
  func `it does not overflow or underflow`(offset: Double) {
    #expect(stable([offset]) == offset)
    #expect(abs(stable([offset, offset]) - offset) <= abs(offset) * 1e-15)
    #expect(
      abs(stable([offset, offset + 1]) - (offset + log((1 + exp(1)) / 2))) <= max(1, abs(offset)) * 1e-15)
  }

  @Test func `the order does not matter, and what is negligible is neglected`() {
    #expect(stable([0, 1000]) == stable([1000, 0]))
    #expect(stable([0, 1000]) == 1000 - log(2))
    #expect(stable([-.infinity, 0]) == -log(2))
  }
}
