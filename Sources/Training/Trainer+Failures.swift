import Foundation
import ImageDatasets
import NeuralNetworks
import Runs

/// What is wrong with images or with a step, in terms of the run.
extension Trainer {
  /// Checks that a dataset has images to train on and images to validate with.
  ///
  /// - Throws: `RunError.unusableImages` where it lacks either.
  public static func requireImages(in dataset: ImageDataset) throws(RunError) {
    guard dataset.train.count > 0, dataset.validation.count > 0 else {
      throw .unusableImages(
        "\(dataset.name) has \(dataset.train.count) training and \(dataset.validation.count) validation images, and both "
          + "are needed: give more images, or put some in folders (or arrays) named train and validation")
    }
  }

  /// The error with its cause, and with the checkpoint to go back to, if there is one. Parameters that an update has
  /// made infinite are only noticed in a loss, a solve or a bound that is not finite.
  func explained(_ error: RunError) -> RunError {
    let checkpoint = hasCheckpoint ? directory.last.relativePath : nil
    let validationError = zip(state.parameters.parameters, state.parameters.tensors).lazy.compactMap {
      parameter, tensor in
      tensor.validationError.map { "\(parameter.name) \($0)" }
    }.first
    switch error {
    case .diverged, .undefinedBound, .undefinedResult, .undefinedDensity, .solve:
      if let validationError {
        return .diverged(step: state.progress.step, reason: validationError, checkpoint: checkpoint)
      }
      if case .diverged(let step, let reason, _) = error {
        return .diverged(step: step, reason: reason, checkpoint: checkpoint)
      }
      if case .undefinedBound(let image) = error {
        let reason = "the bound of validation image \(image) is not a number"
        return .diverged(step: state.progress.step, reason: reason, checkpoint: checkpoint)
      }
      if case .solve(nil, let failure) = error { return .solve(step: state.progress.step, failure) }
      return error
    default: return error
    }
  }
}
