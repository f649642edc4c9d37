import Autodiff
import DifferentialEquations
import NeuralNetworks
import NormalizingFlows
import Tensors

/// A continuous normalizing flow as a layer of a density model: FFJORD.
///
///     dz/dt = f(t, z),    z(0) = x,    log |det dz(T)/dx| = integral of trace(df/dz) dt from 0 to T
///
/// Grathwohl et al. 2019 (FFJORD), section 3.
public struct ContinuousLayer<Field: ConditionedVelocity>: DensityLayer {
  /// The velocity f.
  public let velocity: Field
  private let endTime: EndTime
  /// How the differential equation is solved.
  public let solver: SolverOptions
  /// How the solve is differentiated.
  public let gradient: AdjointMethod
  /// The regularizers that training adds to the loss.
  public let regularization: DynamicsRegularization
  /// The regularizer of the trajectories' shape that training adds to the loss.
  public let polynomial: TrajectoryPolynomial

  /// A layer along a velocity.
  ///
  /// - Parameters:
  ///   - name: The layer's name; a trained end time is the parameter `name.sqrt_end_time`.
  ///   - velocity: The velocity, whose parameters are in the builder.
  ///   - timeLength: The end time T, or its initial value.
  ///   - isTimeTrained: Whether T is trained.
  ///   - solver: How the differential equation is solved.
  ///   - gradient: How the solve is differentiated.
  ///   - regularization: The regularizers of the dynamics.
  ///   - polynomial: The regularizer of the trajectories' shape.
  ///   - builder: What makes the parameters.
  public init(
    _ name: String, velocity: Field, timeLength: Double = 0.5, isTimeTrained: Bool = true,
    solver: SolverOptions = SolverOptions(), gradient: AdjointMethod = .direct,
    regularization: DynamicsRegularization = DynamicsRegularization(),
    polynomial: TrajectoryPolynomial = TrajectoryPolynomial(), in builder: inout DensityBuilder
  ) {
    self.velocity = velocity
    endTime = EndTime(name, timeLength, isTrained: isTimeTrained, in: &builder.parameters)
    self.solver = solver
    self.gradient = gradient
    self.regularization = regularization
    self.polynomial = polynomial
  }

  /// The end time T for the given parameters.
  public func timeLength(_ parameters: BoundParameters) -> Double { endTime.value(parameters) }

  /// Solves from 0 to T.
  public func forward(_ x: Variable, _ pass: DensityPass) throws(SolveError) -> LayerOutput {
    let conditioning = velocity.conditioning(pass.parameters)
    let end = endTime.value(pass.parameters)
    let solve = pass.solveCount
    let probes = pass.probes(solve: solve, of: x)
    let isRegularized = pass.isTraining && regularization != DynamicsRegularization()
    let isFitted = pass.isTraining && polynomial.weight != 0
    let parts = isFitted ? polynomial.times(pass.trajectoryTimes, index: solve * 16) : []

    var state = FlowOutput(z: x, deltaLogDensity: .zeros(ofRowsOf: x))
    var integrals: [Variable?] = [nil, nil]
    var visited = [x]
    let times = [0] + parts + [1]
    for (start, stop) in zip(times, times.dropFirst()) {
      var flow = ContinuousFlow(
        velocity: velocity, timeLength: stop * end, solver: solver, gradient: gradient,
        regularization: isRegularized ? regularization : DynamicsRegularization())
      flow.startTime = start * end
      flow.solverState = pass.nextStartingState
      state = try flow.forward(state.z, delta: state.deltaLogDensity, conditioning: conditioning, probes: probes)
      pass.add(state.statistics, state.solverState)
      if isFitted { visited.append(visit(state.z, at: stop, conditioning, pass.parameters)) }
      integrals = zip(integrals, [state.kineticEnergy, state.jacobianNorm]).map { sum, part in
        sum.map { sum in part.map { sum + $0 } ?? sum } ?? part
      }
    }
    if isFitted { pass.add(penalty: polynomial.weight * polynomial.residual(visited, at: times)) }
    let components = [state.z, state.deltaLogDensity] + integrals.compactMap { $0 }
    var dependent = endTime.dependence(of: components, pass.parameters) {
      let probes = Variable(
        probes
          ?? Divergence.exact.probes(batch: x.shape[0], latent: x.shape[1], pass.probes.stream, x.value.elementType))
      let probed = velocity.probed(
        time: end, z: state.z.detached, probes: probes, conditioning: conditioning.map(\.detached))
      var derivatives = [probed.velocity, -probed.divergence]
      if integrals[0] != nil { derivatives.append(probed.velocity.applying(.square).sum(axis: -1)) }
      if integrals[1] != nil { derivatives.append(probed.squaredJacobianNorm) }
      return derivatives.map(\.value)
    }[...]
    (state.z, state.deltaLogDensity) = (dependent.removeFirst(), dependent.removeFirst())
    state.kineticEnergy = integrals[0] == nil ? nil : dependent.removeFirst()
    state.jacobianNorm = integrals[1] == nil ? nil : dependent.removeFirst()
    if isRegularized, let penalty = regularization.penalty(of: state) { pass.add(penalty: penalty) }
    return LayerOutput(z: state.z, logDeterminant: -state.deltaLogDensity)
  }

  /// A state on the way, at a part s of the time, as a function of T too: dz(s T)/dT = s f(s T, z).
  private func visit(_ z: Variable, at part: Double, _ conditioning: [Variable], _ parameters: BoundParameters)
    -> Variable
  {
    endTime.dependence(of: [z], parameters) {
      let f = velocity(
        time: part * endTime.value(parameters), z: Dual(z.detached), conditioning: conditioning.map(\.detached))
      return [f.primal.value.scaled(by: part)]
    }[0]
  }

  /// Solves from T back to 0, without the density.
  public func inverse(_ z: Variable, _ pass: DensityPass) throws(SolveError) -> Variable {
    var flow = ContinuousFlow(
      velocity: velocity, timeLength: endTime.value(pass.parameters), solver: solver, hasDensity: false)
    flow.solverState = pass.nextStartingState
    let conditioning = velocity.conditioning(pass.parameters).map(\.detached)
    let output = try flow.inverse(z.detached, conditioning: conditioning)
    pass.add(output.statistics, output.solverState)
    return output.z
  }

  /// The states at equal intervals of the time, solved from T back to 0.
  public func path(_ z: Variable, steps: Int, _ pass: DensityPass) throws(SolveError) -> [Variable] {
    let (conditioning, end) = (velocity.conditioning(pass.parameters).map(\.detached), endTime.value(pass.parameters))
    var states: [Variable] = []
    var (state, time) = (z.detached, 1.0)
    for step in 1...steps {
      let next = 1 - Double(step) / Double(steps)
      var flow = ContinuousFlow(velocity: velocity, timeLength: time * end, solver: solver, hasDensity: false)
      flow.startTime = next * end
      state = try flow.inverse(state, conditioning: conditioning).z
      time = next
      states.append(state)
    }
    return states
  }
}
