import Foundation

/// A mixture of Gaussians in one dimension, in double precision.
struct GaussianMixture {
  private let logWeights: [Double]
  private let means: [Double]
  private let logDeviations: [Double]

  /// A mixture.
  ///
  /// - Parameters:
  ///   - weights: Logarithms of the weights, up to one common number.
  ///   - means: The means.
  ///   - logDeviations: Logarithms of the standard deviations.
  init(weights: [Double], means: [Double], logDeviations: [Double]) {
    let total = logSumExp(weights)
    logWeights = weights.map { $0 - total }
    self.means = means
    self.logDeviations = logDeviations
  }

  /// log p(x).
  func logDensity(_ x: Double) -> Double {
    logSumExp(
      means.indices.map { k in
        let t = (x - means[k]) * exp(-logDeviations[k])
        return logWeights[k] - 0.5 * t * t - logDeviations[k] - 0.5 * log(2 * .pi)
      })
  }

  /// The logarithm of the probability below x, or above it.
  func logTail(_ x: Double, isUpper: Bool) -> Double {
    logSumExp(
      means.indices.map { k in
        let t = (x - means[k]) * exp(-logDeviations[k])
        return logWeights[k] + logNormalTail(isUpper ? -t : t)
      })
  }

  /// Where to begin a search for the quantile at the normal distribution function of a level: the weighted mean of the
  /// components' quantiles.
  func start(at level: Double) -> Double {
    means.indices.reduce(0) { $0 + exp(logWeights[$1]) * (means[$1] + exp(logDeviations[$1]) * level) }
  }
}

/// The logarithm of the standard normal distribution function, the probability below t, without underflow for any t.
func logNormalTail(_ t: Double) -> Double {
  if t > 0 { return log1p(-0.5 * erfc(t * 0.5.squareRoot())) }
  guard t < -30 else { return log(0.5 * erfc(-t * 0.5.squareRoot())) }
  // The asymptotic series of Mills' ratio: its first omitted term is below 2e-10 of the sum.
  let s = 1 / (t * t)
  return -0.5 * t * t - log(-t) - 0.5 * log(2 * .pi) + log1p(-s * (1 - s * (3 - s * 15)))
}

/// log of the sum of exp, shifted so that nothing overflows.
private func logSumExp(_ terms: [Double]) -> Double {
  let most = terms.max() ?? -.infinity
  guard most.isFinite else { return most }
  return most + log(terms.reduce(0) { $0 + exp($1 - most) })
}
