import Autodiff
import DifferentialEquations
import Foundation
import NeuralNetworks
import Randomness
import Runs
import Tensors

/// A training step: a batch, the gradient of its loss, and the update of the parameters.
struct DensityStep {
  let model: DensityModel
  let data: DensityDataset
  /// The order of the training rows; nil where fresh points are drawn without end.
  let plan: BatchPlan?

  init(_ model: DensityModel, _ data: DensityDataset, _ configuration: DensityConfiguration) {
    self.model = model
    self.data = data
    plan = data.trainingCount.map {
      BatchPlan(imageCount: $0, batchSize: configuration.batchSize, seed: configuration.seed)
    }
  }

  /// The samples of a step, which are a function of the seed and the step.
  ///
  /// - Parameters:
  ///   - step: The step, counted from zero.
  ///   - order: The order of the rows in the current pass through the data; empty where there is no plan.
  func batch(_ configuration: DensityConfiguration, step: Int, order: [Int]) -> ModelInput {
    let noise = RandomStream(seed: configuration.seed, purpose: .dequantization, step: UInt64(step))
    guard let plan else {
      let stream = RandomStream(seed: configuration.seed, purpose: .freshPoints, step: UInt64(step))
      return model.input(data.freshPoints(configuration.batchSize, stream), noise)
    }
    return model.input(data.trainingBatch(rows: Array(order[plan.places(ofStep: step)])), noise)
  }

  /// Takes a step.
  ///
  /// - Throws: `RunError.diverged`, `RunError.solve`
  func take(_ state: inout DensityState, order: [Int]) throws(RunError) -> (metrics: DensityMetrics, samples: Int) {
    let step = state.progress.step
    let input = batch(state.configuration, step: step, order: order)
    state.optimizer.learningRate = state.learningRate
    let (gradients, metrics, pass) = try gradient(input, state)
    let norm = GradientNorm(gradients)
    guard norm.value.isFinite else {
      let culprit = gradients.firstIndex { !$0.isFinite }.map { state.parameters.parameters[$0].name }
      throw .diverged(step: step + 1, reason: "the gradient of \(culprit ?? "the parameters") is not finite")
    }
    state.optimizer.update(
      &state.parameters, gradients, scaledBy: norm.scale(toLimit: state.configuration.clipNorm))
    for update in pass.bufferUpdates { state.buffers[update.buffer] = update.value }
    if state.configuration.warmStart { state.progress.solverStates = pass.solverStates }
    state.progress.step += 1
    var result = metrics
    result.gradientNorm = norm.value
    return (result, input.count)
  }

  /// The gradient of the loss. Nothing of the tape outlives this call, so that the update can write in place.
  private func gradient(
    _ input: ModelInput, _ state: DensityState
  ) throws(RunError) -> ([Gradient], DensityMetrics, DensityPass) {
    let (step, configuration) = (state.progress.step, state.configuration)
    let tape = Tape()
    let bound = state.parameters.tracked(on: tape)
    let pass = DensityPass(
      bound, buffers: state.buffers, isTraining: true,
      probes: DensityPass.Probes(configuration.divergence, seed: configuration.seed, step: UInt64(step)),
      startingStates: state.progress.solverStates)
    var loss: Variable
    do throws(SolveError) { loss = -(try model.logDensity(input, pass)).mean() } catch {
      throw .solve(step: step + 1, error)
    }
    var metrics = DensityMetrics()
    metrics.negativeLogLikelihood = loss.value.scalar
    if let penalty = pass.penalty?.mean() {
      metrics.penalty = penalty.value.scalar
      loss = loss + penalty
    }
    guard loss.value.scalar.isFinite else {
      throw .diverged(step: step + 1, reason: "the loss is \(loss.value.scalar)")
    }
    let gradients = tape.factoredGradients(of: loss, withRespectTo: bound.variables)
    if let failure = tape.backwardPass.failure { throw .solve(step: step + 1, failure) }
    metrics.evaluationsForward = Double(pass.evaluations)
    metrics.evaluationsBackward = Double(tape.backwardPass.evaluations)
    return (gradients, metrics, pass)
  }
}

extension RandomPurpose {
  /// The points that a toy or a picture gives a training step.
  static let freshPoints = RandomPurpose(15)
}
