import DifferentialEquations
import Runs

extension Evaluator {
  /// The results of an evaluation, with an entry for each image.
  public struct Result: Sendable {
    /// The ELBO of each image in nats, the mean over samples.
    public var bounds: [Double] = []
    /// log p(x given zT) of each image in nats, the mean over samples.
    public var logLikelihoods: [Double] = []
    /// The KL term of each image in nats, the mean over samples.
    public var klDivergences: [Double] = []
    /// The K-sample bound of each image in nats, the logarithm of the mean importance weight (Burda et al. 2016);
    /// empty for a single sample.
    ///
    /// It is a bound with the exact divergence only. Random probes add noise of mean zero to each log-weight, whose
    /// exponential has a mean above 1, so that the estimate may exceed log p(x).
    public var importanceBounds: [Double] = []
    /// The sums from which the means over images are computed.
    public var metrics = MetricsSum()
    /// What similar solves can start warm with; see ``evaluate(_:samples:startingFrom:allowingUndefined:report:)``.
    public var solverState = SolverState()

    /// The images without a finite bound: theirs is minus infinity, and their terms are not numbers.
    public var undefinedImages: [Int] { bounds.indices.filter { bounds[$0] == -.infinity } }

    mutating func addUndefined(samples: Int) {
      bounds.append(-.infinity)
      logLikelihoods.append(.nan)
      klDivergences.append(.nan)
      if samples > 1 { importanceBounds.append(-.infinity) }
    }

    /// The standard error over images of the mean bound, in nats; 0 for a single image.
    public var standardError: Double { bounds.standardError ?? 0 }

    /// The mean K-sample bound over images and its standard error, in nats; nil for a single sample.
    public var importanceBound: (mean: Double, standardError: Double)? {
      importanceBounds.mean.map { ($0, importanceBounds.standardError ?? 0) }
    }
  }
}
