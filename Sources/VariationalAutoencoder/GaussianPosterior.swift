import Autodiff
import Foundation
import NeuralNetworks
import Tensors

/// q(z0 given x): a Gaussian with diagonal covariance, whose mean and variance are linear heads on the encoder's
/// features.
public struct GaussianPosterior: Sendable {
  private let meanHead: Linear
  private let varianceHead: Linear
  private let varianceRange: ClosedRange<Double>?

  /// Adds the heads' parameters to a builder: `q_z_mean.weight`, `q_z_var.0.weight` and their biases.
  ///
  /// - Parameters:
  ///   - features: The number of the encoder's features.
  ///   - latent: The number of latent dimensions.
  ///   - varianceRange: The range that the variance is clamped to: [0.01, 7] in the published model of grey images.
  ///   - builder: What makes the parameters.
  public init(
    features: Int, latent: Int, varianceRange: ClosedRange<Double>? = nil, in builder: inout ParameterBuilder
  ) {
    self.varianceRange = varianceRange
    meanHead = Linear("q_z_mean", inputs: features, outputs: latent, in: &builder)
    varianceHead = Linear("q_z_var.0", inputs: features, outputs: latent, in: &builder)
  }

  /// The mean and the variance, `[batch, latent]` each. The variance is the softplus of its head's output, clamped to
  /// its range.
  public func callAsFunction(
    _ features: Variable, _ parameters: BoundParameters
  ) -> (mean: Variable, variance: Variable) {
    let variance = varianceHead(features, parameters).applying(.softplus)
    return (meanHead(features, parameters), varianceRange.map { variance.clamped(to: $0) } ?? variance)
  }

  /// The reparameterized sample z0 = mean + sqrt(variance) * noise, `[batch, latent]`.
  public static func sample(mean: Variable, variance: Variable, noise: Tensor) -> Variable {
    mean + variance.applying(.sqrt) * Variable(noise)
  }

  /// log q(z0 given x) of the sample that the noise gives, `[batch]` in nats.
  ///
  /// The mean is not needed: (z0 - mean)^2 / variance is the square of the noise.
  public static func logDensity(variance: Variable, noise: Tensor) -> Variable {
    -0.5 * (variance.applying(.log) + Variable(noise).applying(.square) + log(2 * .pi)).sum(axis: -1)
  }

  /// The score of that sample: the gradient of log q(z0 given x) with respect to z0, -(z0 - mean) / variance,
  /// `[batch, latent]`.
  static func score(variance: Tensor, noise: Tensor) -> Tensor {
    (-Variable(noise) * Variable(variance).applying(.sqrt).applying(.reciprocal)).value
  }
}

/// log p(z) of a standard normal prior: `[batch, latent]` -> `[batch]`, in nats.
public func standardNormalLogDensity(_ z: Variable) -> Variable {
  -0.5 * (z.applying(.square) + log(2 * .pi)).sum(axis: -1)
}

extension Variable {
  /// The numbers clamped to a range; no gradient flows to those outside it.
  fileprivate func clamped(to range: ClosedRange<Double>) -> Variable {
    // low + relu(x - low) - relu(x - high)
    (self + -range.lowerBound).applying(.relu) - (self + -range.upperBound).applying(.relu) + range.lowerBound
  }
}
