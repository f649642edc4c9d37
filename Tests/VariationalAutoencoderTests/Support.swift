import Randomness
import Autodiff
import NormalizingFlows
import Tensors

@testable import VariationalAutoencoder

/// Standard normal numbers in double precision; each index has its own.
func normals(_ shape: [Int], _ index: UInt64) -> Tensor {
  let stream = RandomStream(seed: 17, purpose: .test, step: index)
  return Tensor(stream.normals(0..<shape.reduce(1, *)).map { Double($0) }, shape: shape)
}

/// Binary images `[batch, pixels]` in double precision, a third of the pixels ink.
func binaryImages(_ shape: [Int], _ index: UInt64) -> Tensor {
  let stream = RandomStream(seed: 18, purpose: .test, step: index)
  return Tensor(stream.uniforms(0..<shape.reduce(1, *)).map { $0 < 0.3 ? 1.0 : 0.0 }, shape: shape)
}

/// The largest difference of two lists; infinite where one is longer or a number is undefined.
func largestDifference(_ a: [Double], _ b: [Double]) -> Double {
  guard a.count == b.count else { return .infinity }
  return zip(a, b).reduce(0) { worst, pair in
    let difference = abs(pair.0 - pair.1)
    return difference.isNaN ? .infinity : max(worst, difference)
  }
}

/// The same, in units of the largest number of `b`.
func relativeDifference(_ a: [Double], _ b: [Double]) -> Double {
  largestDifference(a, b) / max(1e-30, b.map { abs($0) }.max() ?? 0)
}

/// A small model: few pixels, few latent numbers.
func smallConfiguration(_ flow: PosteriorKind = .ffjord) -> ModelConfiguration {
  var configuration = ModelConfiguration()
  configuration.imageHeight = 8
  configuration.imageWidth = 8
  configuration.latent = 4
  configuration.flow = flow
  configuration.hidden = [6, 5]
  configuration.blocks = 2
  configuration.rank = 2
  return configuration
}
