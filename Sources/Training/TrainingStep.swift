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
    Instrument.enter(.other)
    let configuration = state.configuration
    var batch = images.selecting(Array(order[plan.places(ofStep: step)]))
    if isDynamicallyBinarized {
      let stream = RandomStream(seed: configuration.seed, purpose: .binarization, step: UInt64(step))
      batch = batch.binarized(using: stream)
    }
    let weight = configuration.divergenceWeight(epoch: plan.epoch(ofStep: step) + 1)
    let (gradients, metrics) = try gradient(batch.tensor, state.parameters, configuration, weight, step)
    Instrument.enter(.optimizer)
    state.optimizer.update(&state.parameters, gradients)
    state.progress.step += 1
    return (metrics, batch.count)
  }

  /// The gradient of the loss; nothing of the pass outlives the call, so that the update writes in place.
  private func gradient(
    _ batch: Tensor, _ parameters: ParameterSet, _ configuration: TrainingConfiguration, _ weight: Double,
    _ step: Int
  ) throws(TrainingError) -> (gradients: [Gradient], metrics: Metrics) {
    let count = batch.shape[0] * configuration.model.latent
    let normals = RandomStream(seed: configuration.seed, purpose: .posteriorNoise, step: UInt64(step))
      .normals(0..<count)
    let noise = Tensor(normals, shape: [batch.shape[0], configuration.model.latent])
    let probes = ProbeSource(configuration.divergence, seed: configuration.seed, step: UInt64(step))
    let tape = Tape()
    let bound = parameters.tracked(on: tape)
    let output: ModelOutput
    do throws(SolveError) {
      output = try model(Variable(batch), noise: noise, probes: probes, bound)
    } catch {
      throw .solve(step: step + 1, error)
    }
    let loss = output.loss(divergenceWeight: weight)
    guard loss.value.scalar.isFinite else {
      throw .diverged(step: step + 1, reason: "the loss is \(loss.value.scalar)")
    }
    let gradients = tape.factoredGradients(of: loss, withRespectTo: bound.variables)
    if let failure = output.flow.backwardFailure { throw .solve(step: step + 1, failure) }
    for (gradient, parameter) in zip(gradients, parameters.parameters) where !gradient.isFinite {
      throw .diverged(step: step + 1, reason: "the gradient of \(parameter.name) is not finite")
    }
    return (gradients, Metrics(output))
  }
}
