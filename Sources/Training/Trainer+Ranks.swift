import Communication
import Inference
import Runs
import Tensors

/// What the rank that leads sends to the others.
extension Trainer {
  /// What the ranks will divide among them.
  private var plannedDivision: RowDivision {
    RowDivision(model, state.parameters, batchSize: state.configuration.batchSize, over: communicator)
  }

  /// What a rank will send in a step, before training.
  public var stepTraffic: StepTraffic {
    let batchSize = min(state.configuration.batchSize, training.images.count)
    return StepTraffic(
      plannedDivision, state.parameters, batchSize: batchSize, ranks: communicator.size,
      state.configuration.precision)
  }

  /// Brings the other ranks to the state of the run, and divides it.
  mutating func lead() {
    guard communicator.isShared else { return }
    let division = plannedDivision
    communicator.tell(RankTask.training)
    communicator.tell(TrainingOutline(state, training))
    communicator.share(&state, dividing: division)
    _ = communicator.share(training.images, of: SharedImageLayout(training.images))
    training.division = division
    Compute.releaseMemory()
  }

  /// The whole tensor of a divided parameter.
  func collect(_ kind: Checkpoint.TensorKind, _ place: Int) -> Tensor {
    communicator.tell(TrainingTask.rows(kind, place))
    return training.division?.collected(state.tensors(kind)[place], shape: state.parameters.parameters[place].shape)
      ?? state.tensors(kind)[place]
  }
}
