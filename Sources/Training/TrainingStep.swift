import Autodiff
import DifferentialEquations
import Foundation
import ImageDatasets
import NeuralNetworks
import NormalizingFlows
import Tensors
import VariationalAutoencoder

/// One step of training: a batch, its bound, the gradient, the update.
public struct TrainingStep: Sendable {
  let model: VariationalAutoencoder
  let images: GreyImages
  let isDynamicallyBinarized: Bool
  let plan: BatchPlan

  /// Takes the step that is next for `state`, given the order of its epoch.
  ///
  /// - Throws: ``TrainingError`` where a solve fails or the loss is not a number; `state` is then as it was.
  public func take(_ state: inout TrainingState, order: [Int]) throws(TrainingError) -> (Metrics, images: Int) {
    let step = state.progress.step
    Profiler.enter(.other)
    let configuration = state.configuration
    var batch = images.selecting(Array(order[plan.places(ofStep: step)]))
    if isDynamicallyBinarized {
      let stream = RandomStream(seed: configuration.seed, purpose: .binarization, step: UInt64(step))
      batch = batch.binarized(using: stream)
    }
    let weight = configuration.klWeight(epoch: plan.epoch(ofStep: step) + 1)
    let pass = Pass(configuration, step: step, batch: batch.tensor)
    var (gradients, metrics, solveSteps) = try gradient(
      pass, state.parameters, configuration.precision, weight, try startingSteps(pass, state))
    Profiler.enter(.optimizer)
    let norm = try finiteNorm(of: gradients, state)
    metrics.gradientNorm = norm.value
    state.optimizer.update(&state.parameters, gradients, scaledBy: norm.scale(toLimit: configuration.clipNorm))
    gradients = []
    // Parameters from before the learning rate is up would weigh on the average for long.
    if step >= configuration.learningRateWarmup { state.average?.add(state.parameters) }
    if configuration.warmStart { state.progress.solveSteps = solveSteps }
    state.progress.step += 1
    return (metrics, batch.count)
  }

  /// The norm of the gradients, which is finite where all their numbers are: they are looked at one by one only where it
  /// is not.
  private func finiteNorm(of gradients: [Gradient], _ state: TrainingState) throws(TrainingError) -> GradientNorm {
    let norm = GradientNorm(gradients)
    guard !norm.value.isFinite else { return norm }
    let culprit = zip(gradients, state.parameters.parameters).first { !$0.0.isFinite }?.1.name
    throw .diverged(
      step: state.progress.step + 1,
      reason: culprit.map { "the gradient of \($0) is not finite" } ?? "the norm of the gradient is not finite")
  }

  /// What a pass over a batch takes besides parameters.
  private struct Pass {
    let step: Int
    let batch: Tensor
    let noise: Tensor
    let probes: ProbeSource
    let estimator: GradientEstimator

    init(_ configuration: TrainingConfiguration, step: Int, batch: Tensor) {
      self.step = step
      self.batch = batch
      estimator = configuration.gradientEstimator
      let shape = [batch.shape[0], configuration.model.latent]
      let stream = RandomStream(seed: configuration.seed, purpose: .posteriorNoise, step: UInt64(step))
      noise = Tensor(stream.normals(0..<shape.product), shape: shape)
      probes = ProbeSource(configuration.divergence, seed: configuration.seed, step: UInt64(step))
    }
  }

  /// With which step sizes a step's solves start.
  private func startingSteps(_ pass: Pass, _ state: TrainingState) throws(TrainingError) -> [Double] {
    guard state.configuration.warmStart, model.flow.canStartWarm else { return [] }
    if let known = state.progress.solveSteps { return known }
    // A pass of which nothing is kept: a cold start evaluates more often, and its tape would need the most memory.
    let constants = state.parameters.constants(precision: state.configuration.precision)
    return try output(pass, constants, []).flow.sustainableSteps
  }

  /// What the model makes of a batch, its solves starting with given step sizes.
  private func output(
    _ pass: Pass, _ parameters: BoundParameters, _ solveSteps: [Double]
  ) throws(TrainingError) -> ModelOutput {
    var model = model
    model.flow = model.flow.startingWarm(solveSteps)
    do throws(SolveError) {
      return try model(
        Variable(pass.batch), noise: pass.noise, probes: pass.probes, estimator: pass.estimator, parameters)
    } catch {
      throw .solve(step: pass.step + 1, error)
    }
  }

  /// The gradient of the loss; nothing of the pass outlives the call, so that the update writes in place.
  private func gradient(
    _ pass: Pass, _ parameters: ParameterSet, _ precision: Precision, _ weight: Double, _ solveSteps: [Double]
  ) throws(TrainingError) -> (gradients: [Gradient], metrics: Metrics, solveSteps: [Double]) {
    let tape = Tape()
    let bound = parameters.tracked(on: tape, precision: precision)
    let output = try output(pass, bound, solveSteps)
    let loss = output.loss(klWeight: weight)
    guard loss.value.scalar.isFinite else {
      throw .diverged(step: pass.step + 1, reason: "the loss is \(loss.value.scalar)")
    }
    let gradients = tape.factoredGradients(of: loss, withRespectTo: bound.variables)
    if let failure = output.flow.backwardFailure { throw .solve(step: pass.step + 1, failure) }
    return (gradients, Metrics(output), output.flow.sustainableSteps)
  }
}
