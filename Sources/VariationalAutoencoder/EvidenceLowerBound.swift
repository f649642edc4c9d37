import Autodiff
import NormalizingFlows
import Tensors

/// The evidence lower bound of each image, its terms kept apart; every one `[batch]` in nats.
///
///     ELBO = log p(x given zT) + log p(zT) - log q(z0 given x) - delta log q
public struct EvidenceLowerBound {
  /// log p(x given zT)
  public let logLikelihood: Variable
  /// log p(zT)
  public let logPrior: Variable
  /// log q(z0 given x)
  public let logPosterior: Variable
  /// log q(zT given x) - log q(z0 given x)
  public let deltaLogDensity: Variable

  public init(
    logLikelihood: Variable, logPrior: Variable, logPosterior: Variable, deltaLogDensity: Variable
  ) {
    self.logLikelihood = logLikelihood
    self.logPrior = logPrior
    self.logPosterior = logPosterior
    self.deltaLogDensity = deltaLogDensity
  }

  /// log q(zT given x) - log p(zT): one sample's estimate of KL(q(zT given x), p(zT)).
  public var klDivergence: Variable {
    .linearCombination([(1, logPosterior), (1, deltaLogDensity), (-1, logPrior)])
  }

  /// The bound itself.
  public var value: Variable { logLikelihood - klDivergence }

  /// The mean over the batch of -log p(x given zT) + weight * KL: what training minimizes; the weight is below one
  /// while the KL term warms up (Bowman et al. 2016; Sønderby et al. 2016).
  public func loss(klWeight weight: Double) -> Variable {
    Variable.linearCombination([(-1, logLikelihood), (weight, klDivergence)]).mean()
  }

  /// A number whose gradient is the path gradient of ``loss(klWeight:)``: log q(zT given x) is replaced by
  /// s . zT with a fixed s, the score of q at zT, whose gradient is that of log q along the sample's path alone.
  ///
  /// - Parameters:
  ///   - score: s, `[batch, latent]`.
  ///   - z: zT, `[batch, latent]`.
  func pathLoss(klWeight weight: Double, score: Tensor, z: Variable) -> Variable {
    let alongPath = (Variable(score) * z).sumOfLastAxis()
    return Variable.linearCombination([(-1, logLikelihood), (-weight, logPrior), (weight, alongPath)]).mean()
  }
}

/// One pass through a model: what it makes of a batch, and the bound.
public struct ModelOutput {
  /// `[batch, 256]`
  public let features: Variable
  /// `[batch, latent]`
  public let mean: Variable
  /// `[batch, latent]`
  public let variance: Variable
  /// The posterior's sample before the flow, `[batch, latent]`.
  public let z0: Variable
  /// The flow's result; `flow.z` is zT.
  public let flow: FlowOutput
  /// The decoder's output, `[batch, outputs]`.
  public let decoded: Variable
  public let bound: EvidenceLowerBound
  /// The weights of the flow's regularization.
  public let regularization: DynamicsRegularization

  /// What training differentiates: ``EvidenceLowerBound/loss(klWeight:)``, or with a score what has its path
  /// gradient, plus the mean over the batch of the weighted integrals that regularize a continuous flow, where there are any.
  public func loss(klWeight weight: Double) -> Variable {
    let loss =
      flow.score.map { bound.pathLoss(klWeight: weight, score: $0, z: flow.z) }
      ?? bound.loss(klWeight: weight)
    guard let penalty = regularization.penalty(of: flow) else { return loss }
    return loss + penalty.mean()
  }
}
