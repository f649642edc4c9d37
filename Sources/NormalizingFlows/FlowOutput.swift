import Autodiff
import DifferentialEquations
import Tensors

/// The result of a flow for a batch.
public struct FlowOutput {
  /// The transformed state, `[batch, latent]`.
  public var z: Variable
  /// The change of the log-density, log q(after) - log q(before), `[batch]` in nats; NaN of a flow that was asked to leave
  /// it out (``PosteriorFlow/withoutDensity``).
  public var deltaLogDensity: Variable
  /// The integral of |f|^2 along the solves, `[batch]`; nil unless ``DynamicsRegularization`` asks for it.
  public var kineticEnergy: Variable?
  /// The integral of the estimate of |df/dz|_F^2 along the solves, `[batch]`; nil unless ``DynamicsRegularization``
  /// asks for it.
  public var jacobianNorm: Variable?
  /// The score, the gradient of log q(after) with respect to `z`, `[batch, latent]`; nil unless the flow was asked for
  /// it (``ScoredFlow``).
  public var score: Tensor?
  /// Statistics of each solve, in their order; empty for a flow without solves.
  public var statistics: [SolveStatistics]
  /// What the solves of another batch can start warm with; cold for a flow without solves, and for a solver with fixed
  /// steps. See ``PosteriorFlow/starting(from:)``.
  public var solverState: SolverState

  /// A result without the integrals of a regularization.
  public init(
    z: Variable, deltaLogDensity: Variable, score: Tensor? = nil, statistics: [SolveStatistics] = [],
    solverState: SolverState = SolverState()
  ) {
    self.z = z
    self.deltaLogDensity = deltaLogDensity
    self.score = score
    self.statistics = statistics
    self.solverState = solverState
  }

  /// Evaluations of the velocity, over all solves.
  public var evaluations: Int { statistics.reduce(0) { $0 + $1.evaluations } }
}
