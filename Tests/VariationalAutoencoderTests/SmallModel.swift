import Autodiff
import NormalizingFlows
import Randomness
import Tensors

@testable import VariationalAutoencoder

/// Binary images `[batch, pixels]` in double precision, a third of the pixels ink.
func binaryImages(_ shape: [Int], _ index: UInt64) -> Tensor {
  let stream = RandomStream(seed: 18, purpose: .test, step: index)
  return Tensor(stream.uniforms(0..<shape.reduce(1, *)).map { $0 < 0.3 ? 1.0 : 0.0 }, shape: shape)
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
