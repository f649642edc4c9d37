import Autodiff
import Communication
import DifferentialEquations
import Foundation
import ImageDatasets
import NeuralNetworks
import NormalizingFlows
import Profiling
import Randomness
import Runs
import Tensors
import VariationalAutoencoder

/// Takes training steps: a batch, its bound, the gradient, the update.
public struct TrainingStep: Sendable {
  let model: VariationalAutoencoder
  let images: GreyImages
  let isDynamicallyBinarized: Bool
  let plan: BatchPlan
  /// The ranks, each of which takes its part of the batch. All call ``take(_:order:isStopping:)`` with the same state.
  var communicator: any Communicator = OneRank()
  /// Which parameters of the state are divided over them.
  var division: RowDivision?

  /// Takes the next step of a state.
  ///
  /// - Parameters:
  ///   - state: The state, which is updated.
  ///   - order: The order of the images in the current epoch; see `BatchPlan.order(epoch:)`.
  ///   - isStopping: Whether this rank was asked to stop.
  /// - Returns: The metrics of the batch, the number of its images, and whether any rank was asked to stop.
  /// - Throws: `RunError` where a solve fails or the loss or a gradient is not finite; the state is then
  ///   unchanged. All ranks throw the same.
  public func take(
    _ state: inout TrainingState, order: [Int], isStopping: Bool = false
  ) throws(RunError) -> (Metrics, images: Int, isStopping: Bool) {
    let step = state.progress.step
    Profiler.enter(.other)
    let configuration = state.configuration
    let places = plan.places(ofStep: step)
    let share = BatchShare(of: places.count, over: communicator)
    var batch = images.selecting(share.places.map { order[places.lowerBound + $0] })
    if configuration.randomShift > 0 {
      let stream = RandomStream(seed: configuration.seed, purpose: .randomShift, step: UInt64(step))
      batch = batch.randomlyShifted(
        byUpTo: configuration.randomShift, using: stream, firstImage: share.places.lowerBound)
    }
    if isDynamicallyBinarized {
      let stream = RandomStream(seed: configuration.seed, purpose: .binarization, step: UInt64(step))
      batch = batch.binarized(using: stream, firstImage: share.places.lowerBound)
    }
    let weight = configuration.klWeight(epoch: plan.epoch(ofStep: step) + 1)
    let pass = Pass(configuration, step: step, batch: batch.imageBatch, share)
    var (gradients, own, solverState) = try gradient(
      pass, state.parameters, configuration, weight, try initialSolverState(pass, state))
    if communicator.isShared { Profiler.enter("communication") }
    gradients = share.combined(gradients, apartFrom: division?.places ?? [])
    var (metrics, stops) = own.combined(over: share, with: [isStopping ? 1 : 0])
    Profiler.enter("optimizer")
    let norm = try finiteNorm(of: gradients, state)
    metrics.gradientNorm = norm.value
    state.optimizer.update(&state.parameters, gradients, scaledBy: norm.scale(toLimit: configuration.clipNorm))
    gradients = []
    // The parameters of the learning-rate warm-up would affect the average for a long time.
    if step >= configuration.learningRateWarmup { state.average?.add(state.parameters) }
    if configuration.warmStart { state.progress.solverState = solverState }
    state.progress.step += 1
    return (metrics, places.count, stops.contains { $0 > 0 })
  }

  /// The norm of the gradients, which is finite if all their elements are. Only if it is not, the gradients are
  /// checked one by one.
  private func finiteNorm(of gradients: [Gradient], _ state: TrainingState) throws(RunError) -> GradientNorm {
    let norm = norm(of: gradients)
    guard !norm.value.isFinite else { return norm }
    let own = gradients.firstIndex { !$0.isFinite } ?? gradients.count
    let first = communicator.allGather([Double(own)]).compactMap { $0.first.map { Int($0) } }.min() ?? own
    let culprit = first < gradients.count ? state.parameters.parameters[first].name : nil
    throw .diverged(
      step: state.progress.step + 1,
      reason: culprit.map { "the gradient of \($0) is not finite" } ?? "the norm of the gradient is not finite")
  }

  /// The norm, to which each rank contributes its rows of what is divided.
  private func norm(of gradients: [Gradient]) -> GradientNorm {
    guard let division, !division.isEmpty else { return GradientNorm(gradients) }
    var (whole, own) = (0.0, 0.0)
    for (place, gradient) in gradients.enumerated() {
      if division.places.contains(place) { own += gradient.sumOfSquares } else { whole += gradient.sumOfSquares }
    }
    return GradientNorm(sumOfSquares: whole + communicator.sum([own])[0])
  }

  /// The inputs of a pass over a batch, other than parameters.
  private struct Pass {
    let step: Int
    let batch: ImageBatch
    /// Which of the step's images they are.
    let share: BatchShare
    let noise: Tensor
    let probes: ProbeSource
    let estimator: GradientEstimator

    /// - Parameter offset: The number of the step's images that have noise and probes before those of this batch.
    init(
      _ configuration: TrainingConfiguration, step: Int, batch: ImageBatch, _ share: BatchShare, after offset: Int = 0
    ) {
      self.step = step
      self.batch = batch
      self.share = share
      estimator = configuration.gradientEstimator
      let (first, latent) = (offset + share.places.lowerBound, configuration.model.latent)
      let stream = RandomStream(seed: configuration.seed, purpose: .posteriorNoise, step: UInt64(step))
      noise = Tensor(
        stream.normals(first * latent..<(first + share.count) * latent), shape: [share.count, latent])
      probes = ProbeSource(configuration.divergence, seed: configuration.seed, step: UInt64(step), firstImage: first)
    }
  }

  /// What the solves of a step start from.
  private func initialSolverState(_ pass: Pass, _ state: TrainingState) throws(RunError) -> SolverState {
    guard state.configuration.warmStart, model.flow.canStartWarm else { return SolverState() }
    if let known = state.progress.solverState { return known }
    // The first pass runs without a tape: a cold start takes more evaluations, and its tape would need the most memory
    // of all steps.
    let constants = state.parameters.constants(precision: state.configuration.precision)
    return try output(pass, constants, SolverState()).sample.flow.solverState
  }

  /// The model's output for a batch, with solves that start from the given state.
  private func output(
    _ pass: Pass, _ parameters: BoundParameters, _ solverState: SolverState,
    decodingWith decoderParameters: BoundParameters? = nil
  ) throws(RunError) -> ModelOutput {
    var model = model
    model.flow = model.flow.starting(from: solverState).forPart(of: pass.share)
    do throws(SolveError) {
      return try model(
        pass.batch, noise: pass.noise, probes: pass.probes, estimator: pass.estimator, parameters,
        decodingWith: decoderParameters)
    } catch {
      throw .solve(step: pass.step + 1, error)
    }
  }

  /// The model's output for images that it generates, as many as the batch has; nil where they have no weight. The decoder
  /// gets no gradient.
  private func generatedOutput(
    _ pass: Pass, _ parameters: BoundParameters, _ configuration: TrainingConfiguration, _ solverState: SolverState
  ) throws(RunError) -> ModelOutput? {
    guard configuration.generatedWeight > 0 else { return nil }
    let constants = parameters.detached
    let images = GeneratedImages(configuration, step: pass.step).images(pass.share, of: model, constants)
    let generated = Pass(configuration, step: pass.step, batch: images, pass.share, after: pass.share.total)
    return try output(generated, parameters, solverState, decodingWith: constants)
  }

  /// The gradient of the loss. Nothing else of the pass outlives this call, so that the update can write in place.
  private func gradient(
    _ pass: Pass, _ parameters: ParameterSet, _ configuration: TrainingConfiguration, _ weight: Double,
    _ solverState: SolverState
  ) throws(RunError) -> (gradients: [Gradient], metrics: Metrics, SolverState) {
    let tape = Tape()
    let bound = parameters.tracked(on: tape, precision: configuration.precision)
    let output = try output(pass, bound, solverState)
    var loss = output.loss(klWeight: weight, ofBatch: pass.share.total)
    let generated = try generatedOutput(pass, bound, configuration, solverState)
    if let generated {
      let ofGenerated = generated.loss(klWeight: weight, ofBatch: pass.share.total)
      loss = .linearCombination([(1, loss), (configuration.generatedWeight, ofGenerated)])
    }
    let whole = pass.share.sum([loss.value.scalar])[0]
    guard whole.isFinite else { throw .diverged(step: pass.step + 1, reason: "the loss is \(whole)") }
    let gradients = tape.factoredGradients(of: loss, withRespectTo: bound.variables)
    if let failure = tape.backwardPass.failure { throw .solve(step: pass.step + 1, failure) }
    var metrics = Metrics(output, tape.backwardPass)
    // As the backward pass, which is one for both.
    if let generated { metrics.evaluationsForward += Double(generated.sample.flow.evaluations) }
    return (gradients, metrics, output.sample.flow.solverState)
  }
}

extension TrainingStep {
  /// The steps of a run, with the order and size of its batches and solves to its tolerance in training.
  init(
    _ configuration: TrainingConfiguration, model: VariationalAutoencoder, images: GreyImages,
    isDynamicallyBinarized: Bool
  ) {
    var model = model
    if let tolerance = configuration.trainingTolerance { model.flow = model.flow.solving(toTolerance: tolerance) }
    self.init(
      model: model, images: images, isDynamicallyBinarized: isDynamicallyBinarized,
      plan: BatchPlan(imageCount: images.count, batchSize: configuration.batchSize, seed: configuration.seed))
  }
}

extension RandomPurpose {
  /// The noise of z0 in training.
  public static let posteriorNoise = RandomPurpose(2)
}
