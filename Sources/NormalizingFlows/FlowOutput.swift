import Autodiff
import DifferentialEquations
import Tensors

/// What a flow makes of a batch.
public struct FlowOutput {
  /// The transformed state, `[batch, latent]`.
  public var z: Variable
  /// log q(after) - log q(before), `[batch]` in nats.
  public var deltaLogDensity: Variable
  /// The integral of |f|^2 along the solves, `[batch]`, where ``DynamicsRegularization`` asks for it.
  public var kineticEnergy: Variable?
  /// The integral of the estimate of |df/dz|_F^2 along the solves, `[batch]`, where ``DynamicsRegularization`` asks for it.
  public var jacobianNorm: Variable?
  /// The gradient of log q(after) with respect to `z`, `[batch, latent]`, where the flow carried it along; see
  /// ``ScoredFlow``.
  public var score: Tensor?
  /// What each solve did; empty for a flow without one.
  public var statistics: [SolveStatistics]
  /// What differentiating each solve took; filled in by the backward pass.
  public var backwardPasses: [BackwardPass]

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

  /// The step sizes with which to start the solves of the next batch, in the order of the solves; empty for a flow
  /// without one, or with a solver of fixed steps.
  public var sustainableSteps: [Double] {
    let steps = statistics.compactMap(\.sustainableStep)
    return steps.count == statistics.count ? steps : []
  }

  /// Evaluations of the velocity, over all solves.
  public var evaluations: Int { statistics.reduce(0) { $0 + $1.evaluations } }

  /// Evaluations of the backward pass, over all solves; after it.
  public var backwardEvaluations: Int { backwardPasses.reduce(0) { $0 + $1.evaluations } }

  /// Why a backward pass failed, if one did.
  public var backwardFailure: SolveError? { backwardPasses.lazy.compactMap(\.failure).first }
}
