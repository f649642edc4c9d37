import Runs

/// Observes training, for example to show its progress.
public protocol TrainingObserver: AnyObject {
  /// Called after each step.
  ///
  /// - Parameters:
  ///   - record: The metrics of the step.
  ///   - state: The state after the step.
  ///   - totalSteps: The number of steps of the run, if it is not stopped early.
  func didTakeStep(_ record: MetricsRecord, _ state: TrainingState, totalSteps: Int)
  /// Called after each epoch.
  ///
  /// - Parameters:
  ///   - training: The means on the training images.
  ///   - validation: The means on the validation images.
  ///   - isBest: Whether the validation bound is the best so far.
  ///   - state: The state after the epoch.
  func didFinishEpoch(
    _ training: MetricsRecord, _ validation: MetricsRecord, isBest: Bool, _ state: TrainingState)
}
