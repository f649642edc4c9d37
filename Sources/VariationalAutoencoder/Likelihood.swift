import Autodiff
import Tensors

/// p(x given z): what the decoder's output means.
public protocol Likelihood: Sendable {
  /// log p(x given z) for each image, `[batch]` in nats; decoder output `[batch, outputs]`, images `[batch, pixels]`.
  func logProbability(of images: Variable, decoded: Variable) -> Variable

  /// The mean image, `[batch, pixels]` in [0, 1].
  func mean(decoded: Variable) -> Variable
}

/// Independent binary pixels; the decoder gives their logits.
public struct BernoulliLikelihood: Likelihood {
  public init() {}

  public func logProbability(of images: Variable, decoded: Variable) -> Variable {
    .bernoulliLogLikelihood(logits: decoded, images: images)
  }

  public func mean(decoded: Variable) -> Variable { decoded.applying(.sigmoid) }
}
