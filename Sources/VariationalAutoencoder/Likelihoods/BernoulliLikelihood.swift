import Autodiff
import Tensors

/// Independent binary pixels, with their logits from the decoder: `[batch, pixels]`.
public struct BernoulliLikelihood: Likelihood {
  public let pixels = PixelValues.binary
  public let outputLayers = [OutputLayer(channels: 1, kernel: 1)]

  /// The likelihood of binary pixels.
  public init() {}

  /// The sum over pixels of x logit - softplus(logit), `[batch]` in nats.
  public func logProbability(of images: ImageBatch, decoded: Variable) -> Variable {
    .bernoulliLogLikelihood(logits: decoded, images: Variable(images.intensities))
  }

  /// The sigmoid of the logits, `[batch, pixels]`.
  public func mean(decoded: Variable) -> Variable { decoded.applying(.sigmoid) }

  public func sample(decoded: Variable, uniforms: [Float]) -> ImageBatch {
    let pixels: [Float] = zip(mean(decoded: decoded).value.floats(), uniforms).map { $1 < $0 ? 1 : 0 }
    return ImageBatch(Tensor(pixels, shape: decoded.shape))
  }
}
