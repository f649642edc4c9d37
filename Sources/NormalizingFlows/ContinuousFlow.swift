import Autodiff
import DifferentialEquations
import Tensors

/// A continuous normalizing flow: z(T) for dz/dt = f(t, z), and the change of the log-density along the way,
///
///     d log q / dt = -trace(df/dz).
///
/// Grathwohl et al. 2019 (FFJORD), section 2; Chen et al. 2018, theorem 1.
public struct ContinuousFlow<Field: Velocity>: Sendable {
  public var velocity: Field
  /// T
  public var timeLength: Double
  public var solver: SolverOptions
  public var gradient: SolveGradient

  public init(
    velocity: Field, timeLength: Double = 0.5, solver: SolverOptions = SolverOptions(),
    gradient: SolveGradient = .direct
  ) {
    self.velocity = velocity
    self.timeLength = timeLength
    self.solver = solver
    self.gradient = gradient
  }

  /// z(0) -> z(T), and log q(z(T)) - log q(z(0)) added to `delta`.
  ///
  /// - Parameters:
  ///   - z: `[batch, latent]`
  ///   - delta: The change so far, `[batch]` in nats. It is part of the state, and of its error, as in the published code.
  ///   - conditioning: What the velocity is conditioned on; constant during the solve.
  ///   - probes: `[probes, batch, latent]`, as ``Divergence`` draws them: the same ones for the whole solve.
  /// - Throws: ``SolveError``
  public func forward(
    _ z: Variable, delta: Variable? = nil, conditioning: [Variable], probes: Tensor
  ) throws(SolveError) -> FlowOutput {
    try flow(z, delta, conditioning, probes, from: 0, to: timeLength)
  }

  /// z(T) -> z(0), the solve backward in time, and log q(z(0)) - log q(z(T)) added to `delta`.
  ///
  /// - Throws: ``SolveError``
  public func inverse(
    _ z: Variable, delta: Variable? = nil, conditioning: [Variable], probes: Tensor
  ) throws(SolveError) -> FlowOutput {
    try flow(z, delta, conditioning, probes, from: timeLength, to: 0)
  }

  private func flow(
    _ z: Variable, _ delta: Variable?, _ conditioning: [Variable], _ probes: Tensor, from start: Double,
    to end: Double
  ) throws(SolveError) -> FlowOutput {
    precondition(
      probes.rank == 3 && Array(probes.shape.dropFirst()) == z.shape,
      "continuous flow: probes \(probes.shape) for a state \(z.shape)")
    let zero = Variable(Tensor(zeros: [z.shape[0]], z.value.elementType))
    let velocity = velocity
    let solution = try solve(
      { time, state, parameters in
        let (slope, divergence) = velocity.withDivergence(
          time: time, z: state[0], probes: parameters[0], conditioning: Array(parameters.dropFirst()))
        return [slope, -divergence]
      }, initial: [z, delta ?? zero], parameters: [Variable(probes)] + conditioning, from: start, to: end,
      options: solver, gradient: gradient)
    return FlowOutput(
      z: solution.state[0], deltaLogDensity: solution.state[1], statistics: [solution.statistics],
      backwardPasses: [solution.backwardPass])
  }
}
