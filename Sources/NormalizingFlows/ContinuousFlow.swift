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
  public var gradient: AdjointMethod
  /// Which integrals along the solve are formed beside the state: those whose weight is not zero.
  public var regularization: DynamicsRegularization

  public init(
    velocity: Field, timeLength: Double = 0.5, solver: SolverOptions = SolverOptions(),
    gradient: AdjointMethod = .direct, regularization: DynamicsRegularization = DynamicsRegularization()
  ) {
    self.velocity = velocity
    self.timeLength = timeLength
    self.solver = solver
    self.gradient = gradient
    self.regularization = regularization
  }

  /// z(0) -> z(T), and log q(z(T)) - log q(z(0)) added to `delta`.
  ///
  /// - Parameters:
  ///   - z: `[batch, latent]`
  ///   - delta: The change so far, `[batch]` in nats. It is part of the state, and of its error, as in the published code.
  ///   - conditioning: What the velocity is conditioned on; constant during the solve.
  ///   - probes: `[probes, batch, latent]`, as ``Divergence`` draws them: the same ones for the whole solve. Without, the
  ///     divergence is exact.
  /// - Throws: ``SolveError``
  public func forward(
    _ z: Variable, delta: Variable? = nil, conditioning: [Variable], probes: Tensor? = nil
  ) throws(SolveError) -> FlowOutput {
    try flow(z, delta, conditioning, probes, from: 0, to: timeLength)
  }

  /// z(T) -> z(0), the solve backward in time, and log q(z(0)) - log q(z(T)) added to `delta`.
  ///
  /// - Throws: ``SolveError``
  public func inverse(
    _ z: Variable, delta: Variable? = nil, conditioning: [Variable], probes: Tensor? = nil
  ) throws(SolveError) -> FlowOutput {
    try flow(z, delta, conditioning, probes, from: timeLength, to: 0)
  }

  private func flow(
    _ z: Variable, _ delta: Variable?, _ conditioning: [Variable], _ probes: Tensor?, from start: Double,
    to end: Double
  ) throws(SolveError) -> FlowOutput {
    let (derivatives, constants) = field(z, delta, conditioning, probes)
    let zero = Variable.noChange(of: z)
    // An integral grows along the solve, in whichever direction it goes.
    let direction: Double = end < start ? -1 : 1
    let (hasEnergy, hasNorm) = (regularization.kineticEnergy != 0, regularization.jacobianNorm != 0)
    let integrals = (hasEnergy ? 1 : 0) + (hasNorm ? 1 : 0)
    var solver = solver
    solver.componentsOutsideErrorNorm = Set(2..<(2 + integrals))
    let solution = try solve(
      { time, state, constants in
        let derivative = derivatives(time, state[0], constants)
        precondition(
          derivative.velocity.shape == state[0].shape,
          "a velocity of shape \(derivative.velocity.shape) for a state of \(state[0].shape)")
        var result = [derivative.velocity, -derivative.divergence]
        if hasEnergy { result.append(direction * derivative.velocity.applying(.square).sumOfLastAxis()) }
        if hasNorm, let norm = derivative.jacobianNorm { result.append(direction * norm) }
        return result
      }, initial: [z, delta ?? zero] + Array(repeating: zero, count: integrals), parameters: constants, from: start,
      to: end, options: solver, gradient: gradient)
    var output = FlowOutput(
      z: solution.state[0], deltaLogDensity: solution.state[1], statistics: [solution.statistics],
      backwardPasses: [solution.backwardPass])
    if hasEnergy { output.kineticEnergy = solution.state[2] }
    if hasNorm { output.jacobianNorm = solution.state[1 + integrals] }
    return output
  }

  private typealias Derivatives = (velocity: Variable, divergence: Variable, jacobianNorm: Variable?)

  /// The derivatives at a time and a state, and the constants of the solve that they take.
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
        let derivative = velocity(
          time: time, z: Dual(value: z, tangents: constants[0]), conditioning: Array(constants.dropFirst()))
        let tangents = derivative.tangents
        return (
          derivative.value, .sumOfRowDots(tangents, constants[0]), hasNorm ? .sumOfRowDots(tangents, tangents) : nil
        )
      }, [Variable(probes)] + conditioning
    )
  }
}
