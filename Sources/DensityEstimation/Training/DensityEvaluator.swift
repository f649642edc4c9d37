import Autodiff
import DifferentialEquations
import NeuralNetworks
import NormalizingFlows
import Randomness
import Runs
import Tensors

/// The log-likelihood of samples under a density model.
public struct DensityEvaluator: Sendable {
  /// The model.
  public let model: DensityModel
  /// Its parameters.
  public let parameters: ParameterSet
  /// Its buffers.
  public let buffers: ParameterSet
  /// How the divergence is computed.
  public var divergence = Divergence.exact
  /// The seed of the noise by which images are dequantized, and of random probes.
  public var seed: UInt64 = 0
  /// The number of samples in a batch.
  public var batchSize = 500

  /// An evaluator of a model.
  public init(_ model: DensityModel, parameters: ParameterSet, buffers: ParameterSet) {
    self.model = model
    self.parameters = parameters
    self.buffers = buffers
  }

  /// An evaluator of a state's model.
  public init(_ model: DensityModel, _ state: DensityState) {
    self.init(model, parameters: state.parameters, buffers: state.buffers)
  }

  /// log p(x) for each row, in nats.
  ///
  /// - Parameters:
  ///   - rows: `[samples, dimensions]`, as the data have them.
  ///   - allowingZero: Whether a density may be zero, and its logarithm minus infinity.
  ///   - progress: Is told how many samples are done.
  /// - Returns: log p(x) of each sample, and evaluations of the velocity, the mean over batches.
  /// - Throws: `RunError.solve`; `RunError.undefinedDensity` where a log-density is not finite; what `progress` throws.
  public func logDensities(
    _ rows: Tensor, allowingZero: Bool = false, progress: (Int) throws -> Void = { _ in }
  ) throws -> (values: [Double], evaluations: Double) {
    var values: [Double] = []
    var evaluations: [Double] = []
    let constants = parameters.constants
    for start in stride(from: 0, to: rows.shape[0], by: batchSize) {
      let part = rows.sliced(axis: 0, start: start, length: min(batchSize, rows.shape[0] - start))
      let noise = RandomStream(seed: seed, purpose: .evaluationDequantization)
      let pass = DensityPass(
        constants, buffers: buffers, probes: DensityPass.Probes(divergence, seed: seed, firstSample: start))
      do throws(SolveError) {
        values += try model.logDensity(model.input(part, noise, firstSample: start), pass).value.doubles()
      } catch { throw RunError.solve(step: nil, error) }
      if let place = values[start...].firstIndex(where: { !$0.isFinite && !(allowingZero && $0 == -.infinity) }) {
        throw RunError.undefinedDensity(sample: place + 1)
      }
      evaluations.append(Double(pass.evaluations))
      try progress(values.count)
    }
    return (values, evaluations.mean ?? 0)
  }

  /// The mean of -log p(x) over samples.
  ///
  /// - Throws: As ``logDensities(_:allowingZero:progress:)``.
  public func evaluate(_ rows: Tensor, progress: (Int) throws -> Void = { _ in }) throws -> DensityEvaluation {
    let (values, evaluations) = try logDensities(rows, progress: progress)
    return DensityEvaluation(values, evaluations: evaluations, bitsPerDimension: model.bitsPerDimension(nats:))
  }
}

/// The mean of -log p(x) over samples, in nats, and what it says.
public struct DensityEvaluation: Sendable, Equatable {
  /// The number of samples.
  public let samples: Int
  /// The mean of -log p(x), in nats.
  public let negativeLogLikelihood: Double
  /// The standard error of the mean, in nats; nil for a single sample.
  public let standardError: Double?
  /// The mean in bits per dimension of images with 256 levels of grey; nil for other data.
  public let bitsPerDimension: Double?
  /// Evaluations of the velocity, the mean over batches.
  public let evaluations: Double

  init(_ values: [Double], evaluations: Double, bitsPerDimension: (Double) -> Double?) {
    samples = values.count
    negativeLogLikelihood = -(values.mean ?? 0)
    standardError = values.standardError
    self.bitsPerDimension = bitsPerDimension(negativeLogLikelihood)
    self.evaluations = evaluations
  }

  /// The evaluation as metrics.
  var metrics: DensityMetrics {
    var metrics = DensityMetrics()
    metrics.negativeLogLikelihood = negativeLogLikelihood
    metrics.evaluationsForward = evaluations
    return metrics
  }
}

extension RandomPurpose {
  /// The noise by which images are dequantized for validation and test.
  static let evaluationDequantization = RandomPurpose(17)
}
