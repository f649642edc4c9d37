import Autodiff
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

  /// Takes the next step of a state.
  ///
  /// - Parameters:
  ///   - state: The state, which is updated.
  ///   - order: The order of the images in the current epoch; see ``BatchPlan/order(epoch:)``.
  /// - Returns: The metrics of the batch, and the number of its images.
  /// - Throws: `RunError` where a solve fails or the loss or a gradient is not finite; the state is then
  ///   unchanged.
  public func take(_ state: inout TrainingState, order: [Int]) throws(RunError) -> (Metrics, images: Int) {
    let step = state.progress.step
    Profiler.enter(.other)
    let configuration = state.configuration
    var batch = images.selecting(Array(order[plan.places(ofStep: step)]))
    if isDynamicallyBinarized {
      let stream = RandomStream(seed: configuration.seed, purpose: .binarization, step: UInt64(step))
      batch = batch.binarized(using: stream)
    }
    let weight = configuration.klWeight(epoch: plan.epoch(ofStep: step) + 1)
    let pass = Pass(configuration, step: step, batch: batch.imageBatch)
    var (gradients, metrics, solverState) = try gradient(
      pass, state.parameters, configuration.precision, weight, try initialSolverState(pass, state))
    Profiler.enter("optimizer")
    let norm = try finiteNorm(of: gradients, state)
    metrics.gradientNorm = norm.value
    state.optimizer.update(&state.parameters, gradients, scaledBy: norm.scale(toLimit: configuration.clipNorm))
    gradients = []
    // The parameters of the learning-rate warm-up would affect the average for a long time.
    if step >= configuration.learningRateWarmup { state.average?.add(state.parameters) }
    if configuration.warmStart { state.progress.solverState = solverState }
    state.progress.step += 1
    return (metrics, batch.count)
  }

  /// The norm of the gradients, which is finite if all their elements are. Only if it is not, the gradients are
  /// checked one by one.
  private func finiteNorm(of gradients: [Gradient], _ state: TrainingState) throws(RunError) -> GradientNorm {
    let norm = GradientNorm(gradients)
    guard !norm.value.isFinite else { return norm }
    let culprit = zip(gradients, state.parameters.parameters).first { !$0.0.isFinite }?.1.name
    throw .diverged(
      step: state.progress.step + 1,
      reason: culprit.map { "the gradient of \($0) is not finite" } ?? "the norm of the gradient is not finite")
  }

  /// The inputs of a pass over a batch, other than parameters.
  private struct Pass {
    let step: Int
    let batch: ImageBatch
    let noise: Tensor
    let probes: ProbeSource
    let estimator: GradientEstimator

    init(_ configuration: TrainingConfiguration, step: Int, batch: ImageBatch) {
      self.step = step
      self.batch = batch
      estimator = configuration.gradientEstimator
      let shape = [batch.intensities.shape[0], configuration.model.latent]
      let stream = RandomStream(seed: configuration.seed, purpose: .posteriorNoise, step: UInt64(step))
      noise = Tensor(stream.normals(0..<shape.product), shape: shape)
      probes = ProbeSource(configuration.divergence, seed: configuration.seed, step: UInt64(step))
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
    _ pass: Pass, _ parameters: BoundParameters, _ solverState: SolverState
  ) throws(RunError) -> ModelOutput {
    var model = model
    model.flow = model.flow.starting(from: solverState)
    do throws(SolveError) {
      return try model(
        pass.batch, noise: pass.noise, probes: pass.probes, estimator: pass.estimator, parameters)
    } catch {
      throw .solve(step: pass.step + 1, error)
    }
  }

  /// The gradient of the loss. Nothing else of the pass outlives this call, so that the update can write in place.
  private func gradient(
    _ pass: Pass, _ parameters: ParameterSet, _ precision: Precision, _ weight: Double,
    _ solverState: SolverState
  ) throws(RunError) -> (gradients: [Gradient], metrics: Metrics, SolverState) {
    let tape = Tape()
    let bound = parameters.tracked(on: tape, precision: precision)
    let output = try output(pass, bound, solverState)
    let loss = output.loss(klWeight: weight)
    guard loss.value.scalar.isFinite else {
      throw .diverged(step: pass.step + 1, reason: "the loss is \(loss.value.scalar)")
    }
    let gradients = tape.factoredGradients(of: loss, withRespectTo: bound.variables)
    if let failure = tape.backwardPass.failure { throw .solve(step: pass.step + 1, failure) }
    return (gradients, Metrics(output, tape.backwardPass), output.sample.flow.solverState)
  }
}

extension RandomPurpose {
  /// The noise of z0 in training.
  public static let posteriorNoise = RandomPurpose(2)
}
