import Testing

@testable import Runs
@testable import Training

/// Which images a step sees.
@Suite struct BatchPlanTests {
  static let sizes = [(10, 4), (12, 4), (3, 5), (1, 1), (100, 1), (7, 7)]

  @Test(arguments: sizes)
  func `the steps of an epoch see every image once`(images: Int, batch: Int) {
    let plan = BatchPlan(imageCount: images, batchSize: batch, seed: 5)
    for epoch in 0..<4 {
      let order = plan.order(epoch: epoch)
      let steps = (epoch * plan.stepsPerEpoch)..<((epoch + 1) * plan.stepsPerEpoch)
      let seen = steps.flatMap { Array(order[plan.places(ofStep: $0)]) }
      #expect(seen.sorted() == Array(0..<images))
      #expect(steps.allSatisfy { plan.epoch(ofStep: $0) == epoch })
    }
  }

  @Test(arguments: sizes)
  func `every batch is full but the last, which has what is left`(images: Int, batch: Int) {
    let plan = BatchPlan(imageCount: images, batchSize: batch, seed: 5)
    let counts = (0..<plan.stepsPerEpoch).map { plan.places(ofStep: $0).count }
    #expect(counts.dropLast().allSatisfy { $0 == batch })
    #expect(counts.last == images - batch * (plan.stepsPerEpoch - 1))
    #expect(counts.allSatisfy { $0 > 0 })
  }

  @Test func `each epoch has an order of its own`() {
    let plan = BatchPlan(imageCount: 50, batchSize: 10, seed: 5)
    let orders = (0..<20).map { plan.order(epoch: $0) }
    #expect(Set(orders).count == 20)
    #expect(!orders.contains(Array(0..<50)))
  }

  @Test func `the order is a function of seed and epoch`() {
    let plan = BatchPlan(imageCount: 50, batchSize: 10, seed: 5)
    let same = BatchPlan(imageCount: 50, batchSize: 7, seed: 5)
    let other = BatchPlan(imageCount: 50, batchSize: 10, seed: 6)
    for epoch in [0, 1, 1_000_000] {
      #expect(plan.order(epoch: epoch) == same.order(epoch: epoch))
      #expect(plan.order(epoch: epoch) != other.order(epoch: epoch))
    }
  }

  @Test func `over many epochs an image comes at every place about equally often`() {
    let (images, epochs) = (10, 4000)
    let plan = BatchPlan(imageCount: images, batchSize: 4, seed: 1)
    var counts = [Int](repeating: 0, count: images)
    for epoch in 0..<epochs {
      for (place, image) in plan.order(epoch: epoch).enumerated() where image == 3 { counts[place] += 1 }
    }
    // Chi-squared with nine degrees of freedom exceeds 27.9 once in a thousand seeds; this seed is fixed.
    let expected = Double(epochs) / Double(images)
    let chiSquared = counts.reduce(0.0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
    #expect(chiSquared < 27.9)
  }
}
