import Autodiff
import DifferentialEquations
import Tensors

/// The result of a flow for a batch.
public struct FlowOutput {
  /// The transformed state, `[batch, latent]`.
  public var z: Variable
  /// The change of the log-density, log q(after) - log q(before), `[batch]` in nats.
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
  /// Statistics of each solve's backward pass; filled in when gradients are taken.
  public var backwardPasses: [BackwardPass]

  /// A result without the integrals of a regularization.
  public init(
    z: Variable, deltaLogDensity: Variable, score: Tensor? = nil, statistics: [SolveStatistics] = [],
    backwardPasses: [BackwardPass] = []
  ) {
    self.z = z
    self.deltaLogDensity = deltaLogDensity
    self.score = score
    self.statistics = statistics
    self.backwardPasses = backwardPasses
  }

  /// The step sizes with which the solves of the next batch can start, in the order of the solves; empty for a flow
  /// without solves, and for a solver with fixed steps. See ``PosteriorFlow/startingWarm(_:)``.
  public var sustainableSteps: [Double] {
    let steps = statistics.compactMap(\.sustainableStep)
    return steps.count == statistics.count ? steps : []
  }

  /// Evaluations of the velocity, over all solves.
  public var evaluations: Int { statistics.reduce(0) { $0 + $1.evaluations } }

  /// Evaluations of the velocity in the backward pass, over all solves; zero before gradients are taken.
  public var backwardEvaluations: Int { backwardPasses.reduce(0) { $0 + $1.evaluations } }

  /// Why a backward pass failed; nil where none did. The gradients are then NaN.
  public var backwardFailure: SolveError? { backwardPasses.lazy.compactMap(\.failure).first }
}
