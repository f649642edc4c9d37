import FileTestSupport
import Foundation
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

  @Test func `average precision is the sum of the precisions at each outlier found, ties together`() {
    // The example of scikit-learn's documentation, whose positives have high scores.
    let (inside, outside) = ([-0.1, -0.4], [-0.35, -0.8])
    #expect(abs(precision(inside, outside) - (1 + 2.0 / 3) / 2) < 1e-15)
    #expect(abs(OutlierRanking.areaUnderCurve(inDistribution: inside, outOfDistribution: outside) - 0.75) < 1e-15)
    #expect(precision([3, 4], [1, 2, 2]) == 1)
    // The last of three outliers behind both others: 1, 1, 3/5.
    #expect(abs(precision([3, 4], [1, 2, 5]) - (1 + 1 + 3.0 / 5) / 3) < 1e-15)
    // One of two outliers ties with an image: both are found at once, with a precision of 2/3.
    #expect(abs(precision([1, 2], [1, 0]) - (1 + 2.0 / 3) / 2) < 1e-15)
    // Where all tie, it is the share of outliers.
    #expect(precision([5, 5, 5], [5]) == 0.25 && precision([], [1, 1]) == 1)
  }

  private func precision(_ inside: [Double], _ outside: [Double]) -> Double {
    OutlierRanking.averagePrecision(inDistribution: inside, outOfDistribution: outside)
  }

  private static let python = Python(importing: "numpy, scipy.stats", of: "numpy and scipy")

  @Test(.enabled(if: python.isHere, "\(python.lack)"))
  func `both figures are SciPy's and NumPy's`() throws {
    // scikit-learn's average_precision_score: precision and recall at each different score, from the strangest.
    let script = """
      import sys, numpy as np, scipy.stats as st
      inside, outside = (np.array(text.split(","), float) for text in sys.argv[1:3])
      area = st.mannwhitneyu(inside, outside).statistic / (len(inside) * len(outside))
      scores = np.unique(np.concatenate([inside, outside]))
      found = np.array([(outside <= s).sum() for s in scores])
      precision = found / np.array([(outside <= s).sum() + (inside <= s).sum() for s in scores])
      print(area, np.sum(np.diff(found / len(outside), prepend=0) * precision))
      """
    for seed in 0..<5 as Range<UInt64> {
      let numbers = RandomStream(seed: seed, purpose: .test).normals(0..<60)
      let scores = numbers.map { Double(seed == 0 ? $0 : ($0 * 4).rounded()) }
      let (inside, outside) = (scores[..<25].map { $0 + 1 }, Array(scores[25...]))
      let texts = [inside, outside].map { $0.map { "\($0)" }.joined(separator: ",") }
      // The first number may be negative, which is no option.
      let (status, output) = try Self.python.run(script, texts.map { " " + $0 })
      let figures = output.split { " \n".contains($0) }.compactMap { Double($0) }
      try #require(status == 0 && figures.count == 2, "\(output)")
      let area = OutlierRanking.areaUnderCurve(inDistribution: inside, outOfDistribution: outside)
      #expect(abs(area - figures[0]) < 1e-12 && abs(precision(inside, outside) - figures[1]) < 1e-12)
    }
  }

  @Test func `typicality is two-sided, and the other scores are differences in nats`() {
    #expect(OutlierScore.typicality(of: [-90, -100, -110], around: -100) == [-10, 0, -10])
    #expect(OutlierScore.likelihoodRatio(of: [-90, -100], background: [-95, -80]) == [5, -20])
    let lacking = OutlierScore.likelihoodRatio(
      of: [-90, -.infinity, -.infinity], background: [-.infinity, -80, -.infinity])
    #expect(lacking == [-.infinity, -.infinity, -.infinity])
    let scores = OutlierScore.complexity(of: [-90, -100], bytes: [100, 0])
    #expect(abs(scores[0] - (800 * log(2.0) - 90)) < 1e-12 && scores[1] == -100)
  }

  @Test func `noise takes more bytes than a shape, and a blank image the fewest`() throws {
    let shape = TinyRun.binary(1)
    let noise = OutOfDistributionImages.noise.images(from: shape, seed: 1)
    let blank = GreyImages(height: shape.height, width: shape.width, pixels: shape.pixels.map { _ in 0 })
    let sizes = try GreyImages(joining: [blank, shape, noise]).compressedSizes()
    #expect(sizes[0] < sizes[1] && sizes[1] <= sizes[2])
    #expect(try noise.compressedSizes() == [sizes[2]])
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
