import Autodiff
import DifferentialEquations
import NeuralNetworks
import Tensors

/// A flow that carries the score of its density along: what a path gradient takes.
///
/// The bound's gradient with respect to the parameters of q has two parts: through the sample zT, and through log q at a
/// fixed sample. The second has mean zero and only adds variance. The first alone is the path gradient (Roeder, Wu and
/// Duvenaud 2017, "Sticking the Landing"), for which all that is needed of log q is its score, the gradient with respect to
/// zT.
public protocol ScoredFlow: PosteriorFlow {
  /// z0 -> zT; the result's ``FlowOutput/score`` is the gradient of log q(zT given x) with respect to zT, and gradients flow
  /// through zT alone.
  ///
  /// - Parameters:
  ///   - z0: `[batch, latent]`
  ///   - score: The gradient of log q(z0 given x) with respect to z0, `[batch, latent]`.
  /// - Throws: ``SolveError`` of a flow that solves a differential equation.
  func forward(
    _ z0: Variable, score: Tensor, features: Variable, _ parameters: BoundParameters, _ probes: ProbeSource
  ) throws(SolveError) -> FlowOutput
}

extension IdentityFlow: ScoredFlow {
  public func forward(
    _ z0: Variable, score: Tensor, features: Variable, _ parameters: BoundParameters, _ probes: ProbeSource
  ) throws(SolveError) -> FlowOutput {
    FlowOutput(z: z0, deltaLogDensity: .noChange(of: z0), score: score)
  }
}

extension ContinuousFlow {
  /// z(0) -> z(T) with the score s(t) = d log q / dz along the way,
  ///
  ///     ds/dt = -(df/dz)^T s - d trace(df/dz) / dz
  ///
  /// which follows from d log q / dt = -trace(df/dz) (Vaitl, Nicoli, Nakajima and Kessel 2022, arXiv 2206.09016, section 3).
  /// The right-hand side is minus the gradient of f . s + trace(df/dz) with respect to z at fixed s: one backward pass
  /// through velocity and divergence. With a random probe e, e^T (df/dz) e stands for the trace; s is linear in it, so that
  /// its mean is the score.
  ///
  /// Gradients flow through z(T), and not through the log-density or the score.
  ///
  /// - Parameters:
  ///   - z: `[batch, latent]`
  ///   - score: s(0), `[batch, latent]`.
  ///   - delta: The change of the log-density so far, `[batch]` in nats.
  ///   - conditioning: What the velocity is conditioned on.
  ///   - probes: `[probes, batch, latent]`; without, the divergence is exact.
  /// - Throws: ``SolveError``
  public func forward(
    _ z: Variable, score: Tensor, delta: Variable? = nil, conditioning: [Variable], probes: Tensor? = nil
  ) throws(SolveError) -> FlowOutput {
    let velocity = velocity
    let probes = probes ?? Divergence.unitVectors(batch: z.shape[0], latent: z.shape[1], z.value.elementType)
    var solver = solver
    // The score serves a gradient; z, which it depends on, decides about the steps as it does without the score.
    solver.componentsOutsideErrorNorm = [2]
    let solution = try solve(
      { time, state, constants in
        let conditioning = Array(constants.dropFirst())
        let derivative = velocity(time: time, z: Dual(state[0]), conditioning: conditioning).value
        let tape = Tape()
        let fixed = tape.variable(state[0].value)
        let dual = velocity(
          time: time, z: Dual(value: fixed, tangents: constants[0].detached),
          conditioning: conditioning.map(\.detached))
        let divergence = Variable.sumOfRowDots(dual.tangents, constants[0].detached)
        let potential = (dual.value * state[2].detached).sum() + divergence.sum()
        let gradient = tape.gradients(of: potential, withRespectTo: [fixed])[0]
        return [derivative, -divergence.detached, -Variable(gradient)]
      }, initial: [z, (delta ?? .noChange(of: z)).detached, Variable(score)],
      parameters: [Variable(probes)] + conditioning, from: 0, to: timeLength, options: solver, gradient: gradient)
    return FlowOutput(
      z: solution.state[0], deltaLogDensity: solution.state[1].detached, score: solution.state[2].value,
      statistics: [solution.statistics], backwardPasses: [solution.backwardPass])
  }
}
