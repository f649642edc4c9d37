import Autodiff
import Foundation
import NeuralNetworks
import NormalizingFlows
import Tensors
import TestSupport
import Testing

@testable import VariationalAutoencoder

/// The terms of the bound against closed formulas in double precision.
@Suite struct BoundTests {
  /// log N(x; mean, variance)
  private func logNormal(_ x: Double, _ mean: Double, _ variance: Double) -> Double {
    -0.5 * (log(2 * .pi * variance) + (x - mean) * (x - mean) / variance)
  }

  /// The rows of a tensor `[batch, width]`.
  private func rows(_ tensor: Tensor) -> [[Double]] {
    (0..<tensor.shape[0]).map { tensor.leading($0..<($0 + 1)).doubles() }
  }

  @Test func `the prior's density is that of standard normal numbers`() {
    let z = normals([5, 7], 1)
    let expected = rows(z).map { $0.reduce(0) { $0 + logNormal($1, 0, 1) } }
    #expect(relativeDifference(standardNormalLogDensity(Variable(z)).value.doubles(), expected) < 1e-14)
    // At the origin, -d/2 log(2 pi): the constants are there.
    let origin = standardNormalLogDensity(Variable(Tensor(zeros: [1, 2], .float64))).value.scalar
    #expect(abs(origin + 1.8378770664093453) < 1e-15)
  }

  @Test func `the posterior's density is that of its sample`() {
    let (mean, noise) = (normals([5, 7], 2), normals([5, 7], 3))
    let variance = Tensor(normals([5, 7], 4).doubles().map { exp($0) }, shape: [5, 7])
    let z = GaussianPosterior.sample(mean: Variable(mean), variance: Variable(variance), noise: noise).value
    let drawn = zip(mean.doubles(), zip(variance.doubles(), noise.doubles())).map {
      $0 + $1.0.squareRoot() * $1.1
    }
    #expect(relativeDifference(z.doubles(), drawn) < 1e-15)
    let expected = zip(rows(z), zip(rows(mean), rows(variance))).map { z, moments in
      z.indices.reduce(0) { $0 + logNormal(z[$1], moments.0[$1], moments.1[$1]) }
    }
    let density = GaussianPosterior.logDensity(variance: Variable(variance), noise: noise)
    #expect(relativeDifference(density.value.doubles(), expected) < 1e-13)
  }

  @Test func `mean and variance are linear heads, the variance through a softplus`() throws {
    var builder = ParameterBuilder(seed: 1)
    let posterior = GaussianPosterior(features: 6, latent: 3, in: &builder)
    let parameters = builder.parameters.converted(to: .float64)
    #expect(
      parameters.parameters.map { "\($0.name) \($0.shape)" } == [
        "q_z_mean.weight [3, 6]", "q_z_mean.bias [3]", "q_z_var.0.weight [3, 6]", "q_z_var.0.bias [3]",
      ])
    let features = normals([4, 6], 5)
    let (mean, variance) = posterior(Variable(features), parameters.constants)
    func head(_ name: String) throws -> [Double] {
      let w = parameters[try #require(parameters["\(name).weight"])].doubles()
      let b = parameters[try #require(parameters["\(name).bias"])].doubles()
      var result = [Double]()
      for h in rows(features) {
        for o in 0..<3 {
          var sum = b[o]
          for i in 0..<6 { sum += h[i] * w[6 * o + i] }
          result.append(sum)
        }
      }
      return result
    }
    #expect(relativeDifference(mean.value.doubles(), try head("q_z_mean")) < 1e-14)
    let softplus = try head("q_z_var.0").map { log1p(exp($0)) }
    #expect(relativeDifference(variance.value.doubles(), softplus) < 1e-14)
  }

  @Test func `the likelihood is that of independent binary pixels`() {
    let logits = normals([3, 20], 6).scaled(by: 4)
    let images = binaryImages([3, 20], 1)
    let expected = zip(rows(logits), rows(images)).map { logits, pixels in
      zip(logits, pixels).reduce(0) { sum, pair in
        let p = 1 / (1 + exp(-pair.0))
        return sum + log(pair.1 == 1 ? p : 1 - p)
      }
    }
    let likelihood = BernoulliLikelihood()
    let value = likelihood.logProbability(of: ImageBatch(images), decoded: Variable(logits)).value
    #expect(relativeDifference(value.doubles(), expected) < 1e-12)
    let mean = likelihood.mean(decoded: Variable(logits)).value.doubles()
    #expect(largestDifference(mean, logits.doubles().map { 1 / (1 + exp(-$0)) }) < 1e-15)
  }

  @Test(arguments: ElementType.allCases)
  func `logits of a thousand give finite likelihoods and gradients`(_ type: ElementType) {
    let logits = Tensor([1000.0, -1000, 1000, -1000], shape: [4, 1]).converted(to: type)
    let images = Tensor([1.0, 0, 0, 1], shape: [4, 1]).converted(to: type)
    let tape = Tape()
    let decoded = tape.variable(logits)
    let value = BernoulliLikelihood().logProbability(of: ImageBatch(images), decoded: decoded)
    #expect(largestDifference(value.value.doubles(), [0, 0, -1000, -1000]) < 1e-30)
    let gradient = tape.gradients(of: value.sum(), withRespectTo: [decoded])[0]
    #expect(largestDifference(gradient.doubles(), [0, 0, -1, 1]) < 1e-30)
    let mean = BernoulliLikelihood().mean(decoded: Variable(logits)).value
    #expect(largestDifference(mean.doubles(), [1, 0, 1, 0]) < 1e-30)
  }

  @Test func `the bound is the sum of its terms, and the loss weighs the divergence`() {
    func column(_ numbers: [Double]) -> Variable { Variable(Tensor(numbers, shape: [2])) }
    let bound = EvidenceLowerBound(
      logLikelihood: column([-90, -70]), logPrior: column([-60, -50]), logInitialDensity: column([-30, -45]),
      deltaLogDensity: column([-2, 3]))
    #expect(bound.klDivergence.value.doubles() == [28, 8])
    #expect(bound.value.value.doubles() == [-118, -78])
    #expect(bound.loss(klWeight: 1).value.scalar == 98)
    #expect(bound.loss(klWeight: 0.25).value.scalar == 84.5)
    #expect(bound.loss(klWeight: 0).value.scalar == 80)
  }

  @Test func `the divergence of a Gaussian posterior is the analytic one, in expectation`() throws {
    // KL(N(m, v), N(0, 1)) = 1/2 sum of v + m^2 - 1 - log v.
    let count = 40_000
    let (mean, variance) = ([0.8, -1.5, 0, 0.3], [0.5, 0.1, 1.7, 1.0])
    let analytic = zip(mean, variance).reduce(0) { $0 + 0.5 * ($1.1 + $1.0 * $1.0 - 1 - log($1.1)) }
    func repeated(_ row: [Double]) -> Variable {
      Variable(Tensor((0..<count).flatMap { _ in row }, shape: [count, 4]))
    }
    let noise = normals([count, 4], 8)
    let z = GaussianPosterior.sample(mean: repeated(mean), variance: repeated(variance), noise: noise)
    let flowed = try IdentityFlow().forward(
      z, features: z, ParameterSet().constants, ProbeSource(.gaussian, seed: 1))
    let samples = EvidenceLowerBound(
      logLikelihood: Variable(Tensor(zeros: [count], .float64)), logPrior: standardNormalLogDensity(flowed.z),
      logInitialDensity: GaussianPosterior.logDensity(variance: repeated(variance), noise: noise),
      deltaLogDensity: flowed.deltaLogDensity
    ).klDivergence.value.doubles()
    let average = samples.reduce(0, +) / Double(count)
    let spread = samples.reduce(0) { $0 + ($1 - average) * ($1 - average) } / Double(count - 1)
    let standardError = (spread / Double(count)).squareRoot()
    #expect(abs(average - analytic) < 4 * standardError, "\(average) for \(analytic)")
    #expect(standardError < 0.01 * analytic)
  }
}
