import Autodiff
import Communication
import DifferentialEquations
import Tensors

/// A continuous normalizing flow: z(0) -> z(T) along dz/dt = f(t, z), and the change of the log-density along the way.
///
///     d log q / dt = -trace(df/dz)
///
/// The article <doc:TwoMoons> fits one to data.
///
/// Grathwohl et al. 2019 (FFJORD), section 2; Chen et al. 2018, "Neural Ordinary Differential Equations", theorem 1.
public struct ContinuousFlow<Field: Velocity>: Sendable {
  /// The velocity field f.
  public var velocity: Field
  /// The end time T.
  public var timeLength: Double
  /// The time at which the flow begins.
  public var startTime = 0.0
  /// How the differential equation is solved.
  public var solver: SolverOptions
  /// How the solve is differentiated.
  public var gradient: AdjointMethod
  /// What a similar solve learned, for a warm start; by default a cold start.
  public var solverState = SolverState()
  /// Which regularizers are integrated along the solve: those whose weight is not zero.
  public var regularization: DynamicsRegularization
  /// Whether the change of the log-density is computed; without it, ``FlowOutput/deltaLogDensity`` is NaN.
  public var hasDensity: Bool
  /// This rank's part of the batch, where other ranks have the rest; nil for the whole batch.
  public var batch: BatchShare?

  /// A flow along a velocity field.
  ///
  /// - Parameters:
  ///   - velocity: The velocity field f.
  ///   - timeLength: The end time T.
  ///   - solver: How the differential equation is solved.
  ///   - gradient: How the solve is differentiated.
  ///   - regularization: Which regularizers are integrated along the solve.
  ///   - hasDensity: Whether the change of the log-density is computed; if not, there is no regularization.
  public init(
    velocity: Field, timeLength: Double = 0.5, solver: SolverOptions = SolverOptions(),
    gradient: AdjointMethod = .direct, regularization: DynamicsRegularization = DynamicsRegularization(),
    hasDensity: Bool = true
  ) {
    precondition(
      hasDensity || regularization == DynamicsRegularization(),
      "continuous flow: regularizers are weighed by the density")
    self.velocity = velocity
    self.timeLength = timeLength
    self.solver = solver
    self.gradient = gradient
    self.regularization = regularization
    self.hasDensity = hasDensity
  }

  /// Transforms z(0) to z(T).
  ///
  /// - Parameters:
  ///   - z: The state z(0), `[batch, latent]`.
  ///   - delta: The change of the log-density so far, `[batch]` in nats; nil for zero. It is part of the state, and
  ///     counts in the error norm, as in the published code.
  ///   - conditioning: What the velocity is conditioned on; constant during the solve.
  ///   - probes: `[probes, batch, latent]`, as ``Divergence`` draws them; they stay the same for the whole solve. With
  ///     nil, the divergence is exact.
  /// - Returns: z(T), and log q(z(T)) - log q(z(0)) added to `delta`.
  /// - Throws: `SolveError`
  public func forward(
    _ z: Variable, delta: Variable? = nil, conditioning: [Variable], probes: Tensor? = nil
  ) throws(SolveError) -> FlowOutput {
    try flow(z, delta, conditioning, probes, from: startTime, to: timeLength)
  }

  /// Transforms z(T) back to z(0): the same equation, solved backward in time.
  ///
  /// - Parameters:
  ///   - z: The state z(T), `[batch, latent]`.
  ///   - delta: The change of the log-density so far, `[batch]` in nats; nil for zero.
  ///   - conditioning: What the velocity is conditioned on.
  ///   - probes: `[probes, batch, latent]`; with nil, the divergence is exact.
  /// - Returns: z(0), and log q(z(0)) - log q(z(T)) added to `delta`.
  /// - Throws: `SolveError`
  public func inverse(
    _ z: Variable, delta: Variable? = nil, conditioning: [Variable], probes: Tensor? = nil
  ) throws(SolveError) -> FlowOutput {
    try flow(z, delta, conditioning, probes, from: timeLength, to: startTime)
  }

  private func flow(
    _ z: Variable, _ delta: Variable?, _ conditioning: [Variable], _ probes: Tensor?, from start: Double,
    to end: Double
  ) throws(SolveError) -> FlowOutput {
    guard hasDensity else { return try transform(z, conditioning, from: start, to: end) }
    let (derivatives, constants) = field(z, delta, conditioning, probes)
    let zero = Variable.zeros(ofRowsOf: z)
    // The integrals increase along the solve, in either direction of time.
    let direction: Double = end < start ? -1 : 1
    let (hasEnergy, hasNorm) = (regularization.kineticEnergy != 0, regularization.jacobianNorm != 0)
    let integrals = (hasEnergy ? 1 : 0) + (hasNorm ? 1 : 0)
    let solution = try solve(
      { time, state, constants in
        let derivative = derivatives(time, state[0], constants)
        precondition(
          derivative.velocity.shape == state[0].shape,
          "a velocity of shape \(derivative.velocity.shape) for a state of \(state[0].shape)")
        var result = [derivative.velocity, -derivative.divergence]
        if hasEnergy { result.append(direction * derivative.velocity.applying(.square).sum(axis: -1)) }
        if hasNorm, let norm = derivative.jacobianNorm { result.append(direction * norm) }
        return result
      }, initial: [z, delta ?? zero] + Array(repeating: zero, count: integrals), parameters: constants, from: start,
      to: end, options: solver, gradient: gradient, startingFrom: solverState,
      componentsOutsideErrorNorm: Set(2..<(2 + integrals)), batch: batch)
    var output = FlowOutput(
      z: solution.state[0], deltaLogDensity: solution.state[1], statistics: [solution.statistics],
      solverState: solution.solverState)
    if hasEnergy { output.kineticEnergy = solution.state[2] }
    if hasNorm { output.jacobianNorm = solution.state[1 + integrals] }
    return output
  }

  /// The solve of z alone.
  private func transform(
    _ z: Variable, _ conditioning: [Variable], from start: Double, to end: Double
  ) throws(SolveError) -> FlowOutput {
    let velocity = velocity
    let solution = try solve(
      { time, state, conditioning in
        [velocity(time: time, z: Dual(state[0]), conditioning: conditioning).primal]
      },
      initial: [z], parameters: conditioning, from: start, to: end, options: solver, gradient: gradient,
      startingFrom: solverState, batch: batch)
    return FlowOutput(
      z: solution.state[0], deltaLogDensity: .unknownChange(of: z), statistics: [solution.statistics],
      solverState: solution.solverState)
  }

  private typealias Derivatives = (velocity: Variable, divergence: Variable, jacobianNorm: Variable?)

  /// The derivatives as a function of the time, the state and constants, and these constants of the solve.
  private func field(
    _ z: Variable, _ delta: Variable?, _ conditioning: [Variable], _ probes: Tensor?
  ) -> (derivatives: (Double, Variable, [Variable]) -> Derivatives, constants: [Variable]) {
    let isTracked = ([z] + conditioning).contains(where: \.isTracked) || delta?.isTracked ?? false
    if probes == nil, !isTracked, regularization.jacobianNorm == 0,
      let exact = velocity.exactDivergence(conditioning: conditioning)
    {
      return (
        { time, z, _ in
          let (velocity, divergence) = exact(time, z)
          return (velocity, divergence, nil)
        }, []
      )
    }
    let probes = probes ?? Divergence.unitVectors(batch: z.shape[0], latent: z.shape[1], z.value.elementType)
    precondition(
      probes.rank == 3 && Array(probes.shape.dropFirst()) == z.shape,
      "continuous flow: probes \(probes.shape) for a state \(z.shape)")
    let (velocity, hasNorm) = (velocity, regularization.jacobianNorm != 0)
    return (
      { time, z, constants in
        let probed = velocity.probed(
          time: time, z: z, probes: constants[0], conditioning: Array(constants.dropFirst()))
        return (probed.velocity, probed.divergence, hasNorm ? probed.squaredJacobianNorm : nil)
      }, [Variable(probes)] + conditioning
    )
  }
}
