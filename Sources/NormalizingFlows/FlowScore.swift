import Autodiff
import DifferentialEquations
import NeuralNetworks
import Tensors

/// A flow that also transforms the score of its density, from which the path gradient is taken.
///
/// The gradient of the bound with respect to the parameters of q has two parts: one through the sample zT, and one
/// through log q at a fixed sample. The second has mean zero and only adds variance. The first alone is the path
/// gradient (Roeder, Wu and Duvenaud 2017, "Sticking the Landing"). All that it needs of log q is the score: its
/// gradient with respect to zT.
public protocol ScoredFlow: PosteriorFlow {
  /// Transforms z0 to zT together with the score.
  ///
  /// The result's ``FlowOutput/score`` is the gradient of log q(zT given x) with respect to zT. Gradients flow through
  /// zT alone.
  ///
  /// - Parameters:
  ///   - z0: A sample of q(z0 given x), `[batch, latent]`.
  ///   - score: The gradient of log q(z0 given x) with respect to z0, `[batch, latent]`.
  ///   - features: The encoder's output, `[batch, features]`.
  ///   - parameters: The model's parameters.
  ///   - probes: The probes of the divergence; used by continuous flows alone.
  /// - Returns: zT, log q(zT given x) - log q(z0 given x) in nats, and the score at zT.
  /// - Throws: `SolveError` of a flow that solves a differential equation.
  func forward(
    _ z0: Variable, score: Tensor, features: Variable, _ parameters: BoundParameters, _ probes: ProbeSource
  ) throws(SolveError) -> FlowOutput
}

extension ContinuousFlow {
  /// Transforms z(0) to z(T) together with the score s(t) = d log q / dz.
  ///
  ///     ds/dt = -(df/dz)^T s - d trace(df/dz) / dz
  ///
  /// This follows from d log q / dt = -trace(df/dz) (Vaitl, Nicoli, Nakajima and Kessel 2022, "Path-Gradient
  /// Estimators for Continuous Normalizing Flows", arXiv 2206.09016). The right-hand side is minus the gradient of f .
  /// s + trace(df/dz) with respect to z at fixed s: one backward pass through velocity and divergence. A random probe
  /// e replaces the trace by its estimate e^T (df/dz) e; s depends linearly on it, so that the mean over probes is the
  /// score.
  ///
  /// Gradients flow through z(T), not through the log-density or the score.
  ///
  /// - Parameters:
  ///   - z: The state z(0), `[batch, latent]`.
  ///   - score: The score s(0), `[batch, latent]`.
  ///   - delta: The change of the log-density so far, `[batch]` in nats.
  ///   - conditioning: What the velocity is conditioned on.
  ///   - probes: `[probes, batch, latent]`; with nil, the divergence is exact.
  /// - Returns: z(T), log q(z(T)) - log q(z(0)) added to `delta`, and s(T).
  /// - Throws: `SolveError`
  public func forward(
    _ z: Variable, score: Tensor, delta: Variable? = nil, conditioning: [Variable], probes: Tensor? = nil
  ) throws(SolveError) -> FlowOutput {
    let velocity = velocity
    let probes = probes ?? Divergence.unitVectors(batch: z.shape[0], latent: z.shape[1], z.value.elementType)
    let solution = try solve(
      { time, state, constants in
        let conditioning = Array(constants.dropFirst())
        let derivative = velocity(time: time, z: Dual(state[0]), conditioning: conditioning).primal
        let tape = Tape()
        let fixed = tape.variable(state[0].value)
        let probed = velocity.probed(
          time: time, z: fixed, probes: constants[0].detached, conditioning: conditioning.map(\.detached))
        let divergence = probed.divergence
        let potential = (probed.velocity * state[2].detached).sum() + divergence.sum()
        let gradient = tape.gradients(of: potential, withRespectTo: [fixed])[0]
        return [derivative, -divergence.detached, -Variable(gradient)]
      }, initial: [z, (delta ?? .zeros(ofRowsOf: z)).detached, Variable(score)],
      parameters: [Variable(probes)] + conditioning, from: startTime, to: timeLength, options: solver,
      gradient: gradient, startingFrom: solverState,
      // The step sizes are those of a solve without the score.
      componentsOutsideErrorNorm: [2], batch: batch)
    return FlowOutput(
      z: solution.state[0], deltaLogDensity: solution.state[1].detached, score: solution.state[2].value,
      statistics: [solution.statistics], solverState: solution.solverState)
  }
}
