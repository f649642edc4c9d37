import ImageDatasets
import Randomness
import Tensors
import Testing

@testable import Inference

/// Scores that tell in-distribution images from out-of-distribution ones, and the latter.
@Suite struct OutlierRankingTests {
  @Test func `the area is the share of pairs in the right order, ties counted half`() {
    for seed in 0..<20 as Range<UInt64> {
      let numbers = RandomStream(seed: seed, purpose: .test).normals(0..<40)
      // Rounded, so that there are ties.
      let scores = numbers.map { Double(($0 * 3).rounded()) }
      let (inside, outside) = (scores[..<15].map { $0 + 1 }, Array(scores[15...]))
      var pairs = 0.0
      for a in inside { for b in outside { pairs += a > b ? 1 : a == b ? 0.5 : 0 } }
      let expected = pairs / Double(inside.count * outside.count)
      #expect(abs(OutlierRanking.areaUnderCurve(inDistribution: inside, outOfDistribution: outside) - expected) < 1e-12)
    }
  }

  @Test func `a perfect ranking has area one, a useless one a half, a reversed one zero`() {
    #expect(OutlierRanking.areaUnderCurve(inDistribution: [3, 4], outOfDistribution: [1, 2, 2]) == 1)
    #expect(OutlierRanking.areaUnderCurve(inDistribution: [5, 5], outOfDistribution: [5]) == 0.5)
    #expect(OutlierRanking.areaUnderCurve(inDistribution: [-1], outOfDistribution: [1, 2]) == 0)
  }

  @Test func `noise has each image's ink in other places, other ones for other seeds`() {
    let images = TinyRun.binary(6)
    let noise = OutOfDistributionImages.noise.images(from: images, seed: 1)
    for image in 0..<images.count {
      #expect(noise[image].sorted() == images[image].sorted())
      #expect(Array(noise[image]) != Array(images[image]))
    }
    #expect(noise == OutOfDistributionImages.noise.images(from: images, seed: 1))
    #expect(noise != OutOfDistributionImages.noise.images(from: images, seed: 2))
  }

  @Test func `inverted twice is the original`() {
    let images = TinyRun.binary(3)
    let inverted = OutOfDistributionImages.inverted.images(from: images, seed: 1)
    #expect(inverted != images && OutOfDistributionImages.inverted.images(from: inverted, seed: 1) == images)
  }
}
