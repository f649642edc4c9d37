import Autodiff
import Communication
import DifferentialEquations
import ImageDatasets
import NeuralNetworks
import NormalizingFlows
import Randomness
import Runs
import Tensors
import VariationalAutoencoder

/// Evaluates the bound of each image, with means in which all images have equal weight.
///
/// The noise of an image is a function of the seed, the number of the sample and the index of the image, and does not
/// depend on the batch size. The solver's steps, which the images of a batch share, do: results change within what the
/// tolerance allows.
public struct Evaluator: Sendable {
  /// The model.
  public let model: VariationalAutoencoder
  /// The model's parameters.
  public let parameters: ParameterSet
  /// How the divergence of a continuous flow is computed.
  public var divergence: Divergence
  /// The seed of the posterior's samples and the probes.
  public var seed: UInt64
  /// The number of images in a batch.
  public var batchSize: Int
  /// Whether solves start warm, with the step size that suited the same block in the last batch. Results then depend
  /// on the previous batches, within the tolerance.
  public var warmStart = true
  /// The precision of the passes.
  public var precision = Precision.float32
  /// The ranks, each of which takes its part of each batch.
  public var communicator: any Communicator = OneRank()
  /// What this rank has done, its copies too.
  package let work = EvaluationWork()
  /// Called by the leader before it asks the other ranks to take part: brings them to ``follow()`` with the same model.
  package var callOthers: @Sendable (Evaluator) -> Void = { _ in }

  /// An evaluator of a model.
  public init(
    model: VariationalAutoencoder, parameters: ParameterSet, divergence: Divergence, seed: UInt64 = 1,
    batchSize: Int = 100
  ) {
    self.model = model
    self.parameters = parameters
    self.divergence = divergence
    self.seed = seed
    self.batchSize = batchSize
  }

  /// An evaluator with the precision and the warm starts of a run's configuration, and where no other is given, with
  /// its divergence, seed and batch size.
  public init(
    _ configuration: TrainingConfiguration, model: VariationalAutoencoder, parameters: ParameterSet,
    divergence: Divergence? = nil, seed: UInt64? = nil, batchSize: Int? = nil
  ) {
    self.init(
      model: model, parameters: parameters, divergence: divergence ?? configuration.divergence,
      seed: seed ?? configuration.seed, batchSize: batchSize ?? configuration.batchSize)
    warmStart = configuration.warmStart
    precision = configuration.precision
  }

  /// The parameters for a pass.
  var constants: BoundParameters { parameters.constants(precision: precision) }

  /// The number of passes over batches that an evaluation takes.
  public func passes(of images: GreyImages, samples: Int) -> Int {
    (images.count + batchSize - 1) / batchSize * samples
  }

  /// An estimate of the seconds that an evaluation will take, from two passes over the first batch: an untimed one,
  /// from whose solver state the second starts, and a timed one.
  ///
  /// - Throws: `RunError.solve`
  public func estimatedSeconds(of images: GreyImages, samples: Int) throws(RunError) -> Double {
    ask(.time(samples: samples), images)
    let first = images.prefix(min(batchSize, images.count))
    let share = BatchShare(of: first.count, over: communicator)
    let batch = first.selecting(Array(share.places))
    let bound = constants
    func prepared() -> (features: Variable, flow: any PosteriorFlow) {
      let features = model.encode(Variable(batch.tensor), bound)
      return (features, batchFlow(samples: samples, for: features, share, bound))
    }
    func pass(
      _ features: Variable, _ flow: any PosteriorFlow, _ solverState: SolverState
    ) throws(RunError) -> SolverState {
      try self.pass(
        batch.imageBatch, features: features, flow, share, firstImage: 0, sample: 0, startingFrom: solverState, bound
      ).sample.flow.solverState
    }
    let untimed = prepared()
    let solverState = try pass(untimed.features, untimed.flow, SolverState())
    let start = ContinuousClock.now
    let (features, flow) = prepared()
    let ready = ContinuousClock.now
    _ = try pass(features, flow, solverState)
    let (preparation, pass) = ((ready - start) / .seconds(1), (ContinuousClock.now - ready) / .seconds(1))
    let scale = Double(images.count) / Double(max(first.count, 1))
    return scale * (preparation + Double(samples) * pass)
  }

  /// Evaluates the bound of images.
  ///
  /// - Parameters:
  ///   - images: The images, as the model takes them.
  ///   - samples: The number K of samples of the posterior for each image.
  ///     The K-sample bound needs the exact divergence: see ``Result/importanceBounds``.
  ///   - solverState: What the solves of the first batch start from: ``Result/solverState`` of another evaluation; by
  ///     default a cold start.
  ///   - allowingUndefined: Whether images may have no finite bound, those that are so far from the training images that
  ///     the flow takes them to infinity, or that their solve fails: see ``Result/undefinedImages``. A batch with such images is evaluated image by
  ///     image.
  ///   - report: Called after each pass over a batch, with the number of passes done and the total.
  /// - Throws: `RunError.solve`, `RunError.undefinedBound`, unless undefined bounds are allowed.
  public func evaluate(
    _ images: GreyImages, samples: Int = 1, startingFrom solverState: SolverState = SolverState(),
    allowingUndefined: Bool = false, report: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(RunError) -> Result {
    ask(.evaluate(samples: samples, solverState, allowingUndefined: allowingUndefined), images)
    var result = Result()
    result.solverState = solverState
    let (bound, total) = (constants, passes(of: images, samples: samples))
    for start in stride(from: 0, to: images.count, by: batchSize) {
      let batch = start..<min(start + batchSize, images.count)
      let done = start / batchSize * samples
      do throws(RunError) {
        result = try adding(batch, of: images, samples: samples, to: result, bound) { report(done + $0, total) }
      } catch {
        guard allowingUndefined else { throw error }
        for image in batch {
          do throws(RunError) {
            result = try adding(image..<image + 1, of: images, samples: samples, to: result, bound) { _ in }
          } catch { result.addUndefined(samples: samples) }
        }
        report(done + samples, total)
      }
    }
    return result
  }

  /// Results with those of a batch.
  private func adding(
    _ batch: Range<Int>, of images: GreyImages, samples: Int, to results: Result, _ bound: BoundParameters,
    report: (_ samples: Int) -> Void
  ) throws(RunError) -> Result {
    var result = results
    let share = BatchShare(of: batch.count, over: communicator)
    let x = images.selecting(share.places.map { batch.lowerBound + $0 }).imageBatch
    let features = model.encode(Variable(x.intensities), bound)
    let flow = batchFlow(samples: samples, for: features, share, bound)
    var logMeans = [LogMeanExp](repeating: LogMeanExp(), count: share.total)
    var sums = [(bound: Double, likelihood: Double, klDivergence: Double)](
      repeating: (0, 0, 0), count: share.total)
    for sample in 0..<samples {
      let output = try pass(
        x, features: features, flow, share, firstImage: batch.lowerBound, sample: sample,
        startingFrom: result.solverState, bound)
      result.solverState = output.sample.flow.solverState
      result.metrics.add(Metrics(output).combined(over: share).metrics, images: share.total)
      let terms = share.gathered(
        [output.bound.value, output.bound.logLikelihood, output.bound.klDivergence].map { $0.value.doubles() })
      for i in 0..<share.total {
        let (bound, likelihood, klDivergence) = (terms[0][i], terms[1][i], terms[2][i])
        guard bound.isFinite else { throw .undefinedBound(image: batch.lowerBound + i) }
        logMeans[i].add(bound)
        sums[i].bound += bound / Double(samples)
        sums[i].likelihood += likelihood / Double(samples)
        sums[i].klDivergence += klDivergence / Double(samples)
      }
      report(sample + 1)
    }
    result.bounds += sums.map(\.bound)
    result.logLikelihoods += sums.map(\.likelihood)
    result.klDivergences += sums.map(\.klDivergence)
    if samples > 1 { result.importanceBounds += logMeans.map(\.value) }
    return result
  }

  /// The flow of a batch's passes: where there are several, what it takes from the features is computed once.
  private func batchFlow(
    samples: Int, for features: Variable, _ share: BatchShare, _ bound: BoundParameters
  ) -> any PosteriorFlow {
    samples > 1 ? model.flow.forPart(of: share).prepared(for: features, bound) : model.flow
  }

  private func pass(
    _ x: ImageBatch, features: Variable, _ flow: any PosteriorFlow, _ share: BatchShare, firstImage: Int, sample: Int,
    startingFrom solverState: SolverState,
    _ bound: BoundParameters
  ) throws(RunError) -> ModelOutput {
    try withNoise(share, flow, firstImage, sample: sample, solverState) {
      (model, noise, probes) throws(SolveError) in
      try model.decodeSample(x, features: features, noise: noise, probes: probes, bound)
    }
  }

  /// A sample of the posterior of each image of a batch, which is not decoded, and of unknown density.
  ///
  /// - Parameters:
  ///   - batch: The images.
  ///   - firstImage: The index of the batch's first image among all images.
  ///   - sample: Which of the samples, counted from zero.
  ///   - isMean: Whether z0 is the posterior's mean.
  ///   - solverState: What the solves start from.
  func posteriorSample(
    of batch: GreyImages, firstImage: Int, sample: Int = 0, isMean: Bool = false,
    startingFrom solverState: SolverState
  ) throws(RunError) -> PosteriorSample {
    let bound = constants
    let share = BatchShare(of: batch.count, over: communicator)
    let features = model.encode(Variable(batch.selecting(Array(share.places)).tensor), bound)
    let own = try withNoise(
      share, model.flow.withoutDensity, firstImage, sample: sample, isMean: isMean, solverState
    ) {
      (model, noise, probes) throws(SolveError) in
      try model.samplePosterior(features: features, noise: noise, probes: probes, bound)
    }
    return own.ofWholeBatch(share)
  }

  /// Calls `body` with a sample of the posterior of each batch of images, and the batch's place among them. Solves start
  /// from the state of the batch before.
  func forEachPosteriorSample(
    of images: GreyImages, sample number: Int = 0, isMean: Bool = false,
    _ body: (_ sample: PosteriorSample, _ numbers: Range<Int>) throws(RunError) -> Void
  ) throws(RunError) {
    ask(.sample(number, isMean: isMean), images)
    var solverState = SolverState()
    var failure: RunError?
    for start in stride(from: 0, to: images.count, by: batchSize) {
      let numbers = start..<min(start + batchSize, images.count)
      let sample = try posteriorSample(
        of: images.selecting(Array(numbers)), firstImage: start, sample: number, isMean: isMean,
        startingFrom: solverState)
      solverState = sample.flow.solverState
      guard failure == nil else { continue }
      do throws(RunError) { try body(sample, numbers) } catch {
        guard communicator.isShared else { throw error }
        // The other ranks do not know, and go on to the last batch.
        failure = error
      }
    }
    if let failure { throw failure }
  }

  /// What `body` makes of the model with a flow, warm starts, the noise of z0 and the probes; with `isMean`, of no noise.
  private func withNoise<Result>(
    _ share: BatchShare, _ flow: any PosteriorFlow, _ firstImage: Int, sample: Int, isMean: Bool = false,
    _ solverState: SolverState,
    _ body: (VariationalAutoencoder, Tensor, ProbeSource) throws(SolveError) -> Result
  ) throws(RunError) -> Result {
    var model = model
    model.flow = (warmStart ? flow.starting(from: solverState) : flow).forPart(of: share)
    let (batch, firstImage) = (share.count, firstImage + share.places.lowerBound)
    let latent = model.configuration.latent
    let stream = RandomStream(seed: seed, purpose: .evaluationNoise, step: UInt64(sample))
    let range = (firstImage * latent)..<((firstImage + batch) * latent)
    let noise =
      isMean ? Tensor(zeros: [batch, latent]) : Tensor(stream.normals(range), shape: [batch, latent])
    // Probes of training have the numbers of steps, from zero; those of evaluation begin beyond them.
    let probes = ProbeSource(
      divergence, seed: seed, step: UInt64(1) << 40 + UInt64(sample), firstImage: firstImage)
    do throws(SolveError) {
      let result = try body(model, noise, probes)
      work.add(images: batch)
      return result
    } catch {
      guard case .notFinite(_, let sample, _) = error else { throw .solve(step: nil, error) }
      // The sample is counted over the batch of all ranks.
      throw .undefinedBound(image: firstImage - share.places.lowerBound + sample)
    }
  }
}

extension RandomPurpose {
  /// The noise of z0 in evaluation.
  public static let evaluationNoise = RandomPurpose(11)
}
