import Autodiff
import Foundation
import NeuralNetworks
import Tensors

/// q(z0 given x): a Gaussian with diagonal covariance; its mean and variance are linear heads on the features.
public struct GaussianPosterior: Sendable {
  private let meanHead: Linear
  private let varianceHead: Linear
  private let varianceRange: ClosedRange<Double>?

  /// Parameters are `q_z_mean.weight`, `q_z_var.0.weight` and their biases.
  ///
  /// - Parameter varianceRange: What the variance is clamped to: [0.01, 7] in the published model of grey images.
  public init(
    features: Int, latent: Int, varianceRange: ClosedRange<Double>? = nil, in builder: inout ParameterBuilder
  ) {
    self.varianceRange = varianceRange
    meanHead = Linear("q_z_mean", inputs: features, outputs: latent, in: &builder)
    varianceHead = Linear("q_z_var.0", inputs: features, outputs: latent, in: &builder)
  }

  /// Mean and variance, `[batch, latent]` each; the variance is the softplus of its head, clamped to its range.
  public func callAsFunction(
    _ features: Variable, _ parameters: BoundParameters
  ) -> (mean: Variable, variance: Variable) {
    let variance = varianceHead(features, parameters).applying(.softplus)
    return (meanHead(features, parameters), varianceRange.map { variance.clamped(to: $0) } ?? variance)
  }

  /// mean + sqrt(variance) * noise, `[batch, latent]`.
  public static func sample(mean: Variable, variance: Variable, noise: Tensor) -> Variable {
    mean + variance.applying(.sqrt) * Variable(noise)
  }

  /// log q(z0 given x) of that sample, `[batch]` in nats.
  ///
  /// (z0 - mean)^2 / variance is the noise's square, whatever mean and variance are.
  public static func logDensity(variance: Variable, noise: Tensor) -> Variable {
    -0.5 * (variance.applying(.log) + Variable(noise).applying(.square) + log(2 * .pi)).sumOfLastAxis()
  }

  /// The gradient of log q(z0 given x) with respect to z0 at that sample, -(z0 - mean) / variance, `[batch, latent]`.
  static func score(variance: Tensor, noise: Tensor) -> Tensor {
    (-Variable(noise) * Variable(variance).applying(.sqrt).applying(.reciprocal)).value
  }
}

/// log p(z) of a standard normal prior, `[batch]` in nats, for z `[batch, latent]`.
public func standardNormalLogDensity(_ z: Variable) -> Variable {
  -0.5 * (z.applying(.square) + log(2 * .pi)).sumOfLastAxis()
}

extension Variable {
  /// The nearest numbers within a range; no gradient flows where the range is left.
  fileprivate func clamped(to range: ClosedRange<Double>) -> Variable {
    // low + relu(x - low) - relu(x - high)
    (self + -range.lowerBound).applying(.relu) - (self + -range.upperBound).applying(.relu) + range.lowerBound
  }
}
