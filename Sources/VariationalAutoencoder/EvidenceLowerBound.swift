import Autodiff
import NormalizingFlows
import Tensors

/// The evidence lower bound (ELBO) of each image, term by term; each is `[batch]` in nats.
///
///     ELBO = log p(x given zT) + log p(zT) - log q(z0 given x) - delta log q
public struct EvidenceLowerBound {
  /// log p(x given zT)
  public let logLikelihood: Variable
  /// log p(zT)
  public let logPrior: Variable
  /// log q(z0 given x)
  public let logInitialDensity: Variable
  /// log q(zT given x) - log q(z0 given x)
  public let deltaLogDensity: Variable

  /// A bound with the given terms.
  public init(
    logLikelihood: Variable, logPrior: Variable, logInitialDensity: Variable, deltaLogDensity: Variable
  ) {
    self.logLikelihood = logLikelihood
    self.logPrior = logPrior
    self.logInitialDensity = logInitialDensity
    self.deltaLogDensity = deltaLogDensity
  }

  /// The KL term, log q(zT given x) - log p(zT): an estimate of KL(q(zT given x), p(zT)) from one sample.
  public var klDivergence: Variable {
    .linearCombination([(1, logInitialDensity), (1, deltaLogDensity), (-1, logPrior)])
  }

  /// The bound, the sum of its terms: `[batch]` in nats.
  public var value: Variable { logLikelihood - klDivergence }

  /// The training loss, of shape `[]`: the mean over the batch of -log p(x given zT) + weight * KL.
  ///
  /// - Parameter weight: The weight of the KL term: below one during the KL warm-up (Bowman et al. 2016; Sønderby et
  ///   al. 2016).
  /// - Parameter batchSize: The number of images of the whole batch where these are a part of it; the loss is then this part's
  ///   share of the mean. Nil where these are all.
  public func loss(klWeight weight: Double, ofBatch batchSize: Int? = nil) -> Variable {
    Variable.linearCombination([(-1, logLikelihood), (weight, klDivergence)]).mean(ofBatch: batchSize)
  }

  /// A scalar whose gradient is the path gradient of ``loss(klWeight:ofBatch:)``: log q(zT given x) is replaced by s . zT with
  /// the score s of q at zT held fixed, whose gradient is that of log q through the sample alone.
  ///
  /// - Parameters:
  ///   - weight: The weight of the KL term.
  ///   - score: s, `[batch, latent]`.
  ///   - z: zT, `[batch, latent]`.
  ///   - batchSize: As in ``loss(klWeight:ofBatch:)``.
  func pathLoss(klWeight weight: Double, score: Tensor, z: Variable, ofBatch batchSize: Int?) -> Variable {
    let alongPath = (Variable(score) * z).sum(axis: -1)
    return Variable.linearCombination([(-1, logLikelihood), (-weight, logPrior), (weight, alongPath)])
      .mean(ofBatch: batchSize)
  }
}

/// The results of one pass of a batch through a model.
public struct ModelOutput {
  /// The encoder's output, `[batch, 256]`.
  public let features: Variable
  /// The sample of the posterior that was decoded; `sample.flow.z` is zT.
  public let sample: PosteriorSample
  /// The decoder's output, `[batch, height * width * parameters per pixel]`: logits.
  public let decoded: Variable
  /// The bound of each image.
  public let bound: EvidenceLowerBound
  /// The weights of the flow's regularization.
  public let regularization: DynamicsRegularization

  /// The training loss, of shape `[]`: ``EvidenceLowerBound/loss(klWeight:ofBatch:)`` plus the mean over the batch of the
  /// weighted regularizers of a continuous flow. Where the flow returned a score, its gradient is the path gradient
  /// (``GradientEstimator/path``), and its value is not the bound's.
  ///
  /// - Parameters:
  ///   - weight: The weight of the KL term.
  ///   - batchSize: The number of images of the whole batch where these are a part of it; the loss is then this part's share
  ///     of the mean. Nil where these are all.
  public func loss(klWeight weight: Double, ofBatch batchSize: Int? = nil) -> Variable {
    let loss =
      sample.flow.score.map { bound.pathLoss(klWeight: weight, score: $0, z: sample.flow.z, ofBatch: batchSize) }
      ?? bound.loss(klWeight: weight, ofBatch: batchSize)
    guard let penalty = regularization.penalty(of: sample.flow) else { return loss }
    return loss + penalty.mean(ofBatch: batchSize)
  }
}

extension Variable {
  /// The sum of numbers, one for each image, divided by the images of a batch that they are a part of; by their own without
  /// one.
  fileprivate func mean(ofBatch batchSize: Int?) -> Variable { (1 / Double(batchSize ?? value.count)) * sum() }
}
