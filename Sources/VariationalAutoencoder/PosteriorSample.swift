import Autodiff
import NormalizingFlows

/// A sample of the posterior of each image of a batch, before and after the flow.
public struct PosteriorSample {
  /// The mean of q(z0 given x), `[batch, latent]`.
  public let mean: Variable
  /// The diagonal of the covariance of q(z0 given x), `[batch, latent]`.
  public let variance: Variable
  /// The sample of q(z0 given x), `[batch, latent]`.
  public let z0: Variable
  /// What the flow makes of it: zT, and the change of the log-density.
  public let flow: FlowOutput

  /// A sample of the given parts.
  package init(mean: Variable, variance: Variable, z0: Variable, flow: FlowOutput) {
    (self.mean, self.variance, self.z0, self.flow) = (mean, variance, z0, flow)
  }
}
