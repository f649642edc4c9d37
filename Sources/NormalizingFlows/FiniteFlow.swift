import Autodiff
import DifferentialEquations
import NeuralNetworks

/// A flow of finitely many layers, each a formula: nothing is solved forward, so that it needs no probes and cannot fail.
///
/// Rezende and Mohamed 2015, "Variational Inference with Normalizing Flows", section 4, in contrast to the infinitesimal
/// flows of section 3.2.
public protocol FiniteFlow: PosteriorFlow {
  /// Transforms z0 to zT.
  ///
  /// - Parameters:
  ///   - z0: A sample of q(z0 given x), `[batch, latent]`.
  ///   - features: The encoder's output, `[batch, features]`.
  ///   - parameters: The model's parameters.
  /// - Returns: zT, `[batch, latent]`, and log q(zT given x) - log q(z0 given x), `[batch]` in nats.
  func callAsFunction(_ z0: Variable, features: Variable, _ parameters: BoundParameters) -> FlowOutput

  /// Transforms zT back to z0, as a constant: it solves an equation for each latent dimension, and no gradient flows
  /// through it.
  ///
  /// - Parameters:
  ///   - zT: `[batch, latent]`
  ///   - features: The encoder's output, `[batch, features]`.
  ///   - parameters: The model's parameters.
  /// - Returns: z0, `[batch, latent]`, and log q(z0 given x) - log q(zT given x), `[batch]` in nats.
  func inverse(_ zT: Variable, features: Variable, _ parameters: BoundParameters) -> FlowOutput
}

extension FiniteFlow {
  /// Transforms z0 to zT; the probes are not used.
  public func forward(
    _ z0: Variable, features: Variable, _ parameters: BoundParameters, _ probes: ProbeSource
  ) throws(SolveError) -> FlowOutput {
    self(z0, features: features, parameters)
  }

  /// Transforms zT back to z0; the probes are not used.
  public func inverse(
    _ zT: Variable, features: Variable, _ parameters: BoundParameters, _ probes: ProbeSource
  ) throws(SolveError) -> FlowOutput {
    inverse(zT, features: features, parameters)
  }
}
