import Autodiff
import Communication
import DifferentialEquations
import NeuralNetworks
import Profiling
import Tensors

/// FFJORD as a posterior: blocks of continuous flows whose velocities are amortized by a hypernetwork.
///
/// The hypernetwork is one linear head on the image's features for each block: `[batch, features]` ->
/// `[batch, per-sample weights]`. Each block runs its flow from time 0 to its ``timeLengths``.
///
/// Grathwohl et al. 2019 (FFJORD).
public struct AmortizedContinuousFlow: ScoredFlow {
  private let velocities: [AmortizedNetwork]
  /// The hypernetwork, a head for each block; empty where nothing is amortized.
  private let heads: [Linear]
  private let latent: Int
  /// How each block is solved.
  public var solver: SolverOptions
  /// How the solves are differentiated.
  public var gradient: AdjointMethod
  /// The end time T of each block's flow.
  public let timeLengths: [Double]
  /// Which regularizers are integrated along the solves. They serve training; an evaluation can do without them.
  public var regularization: DynamicsRegularization
  /// What the solves start from, in their order.
  private var solverState = SolverState()
  /// Whether the change of the log-density is computed.
  private var hasDensity = true
  /// This rank's part of the batch; nil for the whole batch.
  private var batch: BatchShare?
  /// The per-sample weights of each block, `[batch, weights]`, where they are known before a pass.
  private var perSampleWeights: [Tensor]?
  /// The times between which the flow runs, counted through all blocks; nil for the whole flow.
  private var part: ClosedRange<Double>?

  /// Adds the flow's parameters to a builder.
  ///
  /// The names of the parameters of block b's network begin with `odefuncs.b.diffeq`, as in the published model, or
  /// with `cnf.chain.b.odefunc.diffeq` where nothing is amortized. Its hypernetwork head is `q_am.b`.
  ///
  /// - Parameters:
  ///   - features: The number of the encoder's features.
  ///   - latent: The number of latent dimensions.
  ///   - hidden: The widths of the velocities' hidden layers.
  ///   - blocks: The number of blocks.
  ///   - amortization: Which weights are per-sample.
  ///   - rank: The rank of the per-sample weights, where they are low-rank.
  ///   - activation: The activation between the velocities' layers.
  ///   - timeDependence: How shared layers depend on the time.
  ///   - timeLength: The end time T of all blocks.
  ///   - timeLengths: The end time of each block, in place of `timeLength`.
  ///   - solver: How each block is solved.
  ///   - gradient: How the solves are differentiated.
  ///   - regularization: Which regularizers are integrated along the solves.
  ///   - builder: What makes the parameters.
  public init(
    features: Int, latent: Int, hidden: [Int], blocks: Int, amortization: Amortization = .lowRank,
    rank: Int = 1, activation: ElementwiseFunction = .softplus, timeDependence: TimeDependence = .concat,
    timeLength: Double = 0.5, timeLengths: [Double]? = nil, solver: SolverOptions = SolverOptions(),
    gradient: AdjointMethod = .direct, regularization: DynamicsRegularization = DynamicsRegularization(),
    in builder: inout ParameterBuilder
  ) {
    var velocities: [AmortizedNetwork] = []
    var heads: [Linear] = []
    for block in 0..<blocks {
      let name = amortization == .none ? "cnf.chain.\(block).odefunc" : "odefuncs.\(block)"
      let velocity = AmortizedNetwork(
        name, latent: latent, hidden: hidden, amortization: amortization, rank: rank,
        activation: activation, timeDependence: timeDependence, in: &builder)
      velocities.append(velocity)
      guard velocity.conditionalCount > 0 else { continue }
      heads.append(
        Linear("q_am.\(block)", inputs: features, outputs: velocity.conditionalCount, in: &builder))
    }
    self.velocities = velocities
    self.heads = heads
    self.latent = latent
    self.solver = solver
    self.gradient = gradient
    self.timeLengths = timeLengths ?? Array(repeating: timeLength, count: blocks)
    precondition(self.timeLengths.count == blocks, "\(self.timeLengths.count) lengths of time for \(blocks) blocks")
    self.regularization = regularization
  }

  /// The number of blocks.
  public var blocks: Int { velocities.count }

  /// The end of the last block, where the time is counted through all blocks.
  public var totalTime: Double { timeLengths.reduce(0, +) }

  /// The part of this flow between two times, counted through all blocks from 0 to ``totalTime``: forward from the first to
  /// the second, inverse from the second to the first. Its solves are those of the blocks that the times touch.
  public func part(_ times: ClosedRange<Double>) -> Self {
    var flow = self
    flow.part = times
    flow.solverState = SolverState()
    return flow
  }

  /// The times of a block's own between which it runs; nil where it does not.
  private func times(ofBlock block: Int) -> ClosedRange<Double>? {
    guard let part else { return 0...timeLengths[block] }
    let start = timeLengths[..<block].reduce(0, +)
    let (from, to) = (max(0, part.lowerBound - start), min(timeLengths[block], part.upperBound - start))
    return from < to ? from...to : nil
  }

  /// Transforms z0 to zT, block by block.
  ///
  /// - Throws: `SolveError`
  public func forward(
    _ z0: Variable, features: Variable, _ parameters: BoundParameters, _ probes: ProbeSource
  ) throws(SolveError) -> FlowOutput {
    try run(z0, features, parameters, probes, blocks: Array(velocities.indices), inverse: false)
  }

  /// Transforms z0 to zT together with the score, block by block.
  ///
  /// - Throws: `SolveError`
  public func forward(
    _ z0: Variable, score: Tensor, features: Variable, _ parameters: BoundParameters, _ probes: ProbeSource
  ) throws(SolveError) -> FlowOutput {
    try run(z0, score: score, features, parameters, probes, blocks: Array(velocities.indices), inverse: false)
  }

  /// Transforms zT back to z0: the blocks in reverse order, each solved backward in time.
  ///
  /// - Throws: `SolveError`
  public func inverse(
    _ zT: Variable, features: Variable, _ parameters: BoundParameters, _ probes: ProbeSource
  ) throws(SolveError) -> FlowOutput {
    try run(zT, features, parameters, probes, blocks: velocities.indices.reversed(), inverse: true)
  }

  /// Whether the solver has adaptive steps.
  public var canStartWarm: Bool {
    if case .adaptive = solver.stepControl { true } else { false }
  }

  /// This flow with solves that start from what those of another batch learned.
  public func starting(from solverState: SolverState) -> Self {
    var flow = self
    flow.solverState = solverState
    return flow
  }

  /// This flow for this rank's part of a batch.
  public func forPart(of batch: BatchShare) -> Self {
    var flow = self
    flow.batch = batch
    return flow
  }

  /// The parameters of the hypernetwork.
  public var divisibleParameters: [Parameter] { heads.flatMap { [$0.weight, $0.bias] } }

  /// This flow with another absolute and relative tolerance.
  public func solving(toTolerance tolerance: Double) -> Self {
    var flow = self
    flow.solver = solver.solving(toTolerance: tolerance)
    return flow
  }

  /// This flow without the change of the log-density. The error norm of its solves is that of z alone, so that zT is that of
  /// the whole flow within the tolerance.
  public var withoutDensity: Self {
    var flow = self
    flow.hasDensity = false
    flow.regularization = DynamicsRegularization()
    return flow
  }

  /// This flow with the per-sample weights of images, which the hypernetwork forms once.
  public func prepared(for features: Variable, _ parameters: BoundParameters) -> Self {
    var flow = self
    flow.perSampleWeights = weights(features, parameters).map { $0().value }
    return flow
  }

  /// What gives the per-sample weights of each block, in any order. Those that travel between ranks are on their way.
  private func weights(_ features: Variable, _ parameters: BoundParameters) -> [() -> Variable] {
    let isDivided = zip(heads, velocities).contains { parameters[$0.weight].shape[0] != $1.conditionalCount }
    guard isDivided, let batch else {
      return heads.map { head in
        {
          Profiler.enter("hypernetwork")
          return head(features, parameters, precision: parameters.precision)
        }
      }
    }
    let all = features.gathered(over: batch)
    return zip(heads, velocities).map { head, velocity in
      Profiler.enter("hypernetwork")
      let columns = TravellingColumns(
        head(all, parameters, precision: parameters.precision), of: velocity.conditionalCount, batch,
        parameters.precision)
      return {
        Profiler.enter("communication")
        return columns.arrived()
      }
    }
  }

  private func run(
    _ start: Variable, score: Tensor? = nil, _ features: Variable, _ parameters: BoundParameters, _ probes: ProbeSource,
    blocks: [Int], inverse: Bool
  ) throws(SolveError) -> FlowOutput {
    var output = FlowOutput(z: start, deltaLogDensity: .zeros(ofRowsOf: start), score: score)
    var solverStates: [SolverState] = []
    let heads = perSampleWeights == nil ? weights(features, parameters) : []
    for block in blocks {
      guard let times = times(ofBlock: block) else { continue }
      let velocity = velocities[block].with(parameters.precision.numerics)
      var flow = ContinuousFlow(
        velocity: velocity, timeLength: times.upperBound, solver: solver, gradient: gradient,
        regularization: regularization, hasDensity: hasDensity)
      flow.startTime = times.lowerBound
      flow.solverState = solverState[solverStates.count]
      flow.batch = batch
      let weights =
        perSampleWeights.map { $0.isEmpty ? nil : Variable($0[block]) } ?? (heads.isEmpty ? nil : heads[block]())
      let conditioning = velocity.conditioning(perSampleWeights: weights, parameters)
      Profiler.enter("flow")
      let probe = probes.probes(block, start.shape[0], latent, start.value.elementType)
      let next: FlowOutput
      if let score = output.score {
        next = try flow.forward(
          output.z, score: score, delta: output.deltaLogDensity, conditioning: conditioning, probes: probe)
      } else if inverse {
        next = try flow.inverse(output.z, delta: output.deltaLogDensity, conditioning: conditioning, probes: probe)
      } else {
        next = try flow.forward(output.z, delta: output.deltaLogDensity, conditioning: conditioning, probes: probe)
      }
      output.z = next.z
      output.score = next.score
      output.deltaLogDensity = next.deltaLogDensity
      output.kineticEnergy = sum(output.kineticEnergy, next.kineticEnergy)
      output.jacobianNorm = sum(output.jacobianNorm, next.jacobianNorm)
      output.statistics += next.statistics
      solverStates.append(next.solverState)
    }
    output.solverState = SolverState(solverStates)
    return output
  }

  private func sum(_ total: Variable?, _ part: Variable?) -> Variable? {
    guard let total, let part else { return part }
    return total + part
  }
}
