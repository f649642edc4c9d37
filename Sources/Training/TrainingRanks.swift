import Communication
import DifferentialEquations
import ImageDatasets
import Inference
import NeuralNetworks
import Runs
import Tensors
import VariationalAutoencoder

// The leader has the run's directory, and decides what comes next; the other ranks have the same parameters, moments and
// training images, and take the same steps.

/// What the ranks of a run do next.
enum TrainingTask: Codable {
  case step(learningRate: Double)
  case evaluation
  /// Send the rows of a parameter's tensor to the leader.
  case rows(Checkpoint.TensorKind, Int)
  case end
}

/// What a rank must know of a run besides tensors.
struct TrainingOutline: Codable {
  let configuration: TrainingConfiguration
  let progress: TrainingProgress
  let optimizerStep: Int
  /// Whether the moving average has begun; nil where there is none.
  let isAverageEmpty: Bool?
  let isDynamicallyBinarized: Bool
  let images: SharedImageLayout

  init(_ state: TrainingState, _ step: TrainingStep) {
    (configuration, progress, optimizerStep) = (state.configuration, state.progress, state.optimizer.step)
    isAverageEmpty = state.average.map(\.isEmpty)
    (isDynamicallyBinarized, images) = (step.isDynamicallyBinarized, SharedImageLayout(step.images))
  }
}

extension Communicator {
  /// Replaces a state's tensors by the leader's, and those of divided parameters by this rank's rows of them. The leader has
  /// whole tensors before; the others may have rows alone.
  func share(_ state: inout TrainingState, dividing division: RowDivision) {
    let shapes = state.parameters.parameters.map(\.shape)
    func shared(_ tensors: [Tensor]) -> [Tensor] {
      tensors.enumerated().map { place, tensor in
        var whole = tensor.shape == shapes[place] ? tensor : Tensor(uninitialized: shapes[place], .float32)
        share(&whole)
        return division.places.contains(place) ? division.own(whole) : whole
      }
    }
    state.parameters.tensors = shared(state.parameters.tensors)
    // Before the first update moments are zero, and the average has no number yet.
    if state.optimizer.step > 0 {
      state.optimizer.firstMoments = shared(state.optimizer.firstMoments)
      state.optimizer.secondMoments = shared(state.optimizer.secondMoments)
    } else {
      for place in division.places {
        state.optimizer.firstMoments[place] = Tensor(zeros: state.parameters.tensors[place].shape)
        state.optimizer.secondMoments[place] = Tensor(zeros: state.parameters.tensors[place].shape)
      }
    }
    guard let average = state.average else { return }
    var averaged = average.parameters
    if average.isEmpty {
      averaged.tensors = state.parameters.tensors
      state.average = ParameterAverage(decay: average.decay, of: averaged)
    } else {
      averaged.tensors = shared(averaged.tensors)
      state.average = ParameterAverage(decay: average.decay, resuming: averaged)
    }
  }
}

extension TrainingState {
  /// The tensors of a kind, in the order of the parameters.
  func tensors(_ kind: Checkpoint.TensorKind) -> [Tensor] {
    switch kind {
    case .parameter: parameters.tensors
    case .firstMoment: optimizer.firstMoments
    case .secondMoment: optimizer.secondMoments
    case .average: average?.parameters.tensors ?? []
    }
  }
}

extension Trainer {
  /// Trains with the leader, which calls ``run(observer:shouldStop:)``, until it says that this is over.
  ///
  /// - Parameters:
  ///   - communicator: The ranks.
  ///   - report: Is told what happens.
  ///   - shouldStop: Is asked after each step whether this rank was asked to stop.
  /// - Throws: `RunError` where the leader's model cannot be made.
  public static func follow(
    _ communicator: any Communicator, report: (RankEvent) -> Void = { _ in }, shouldStop: () -> Bool
  ) throws(RunError) {
    let outline = communicator.hear(TrainingOutline.self)
    let configuration = outline.configuration
    var (model, parameters) = VariationalAutoencoder.make(
      configuration.model, seed: configuration.seed, solver: try configuration.solverOptions(),
      gradient: configuration.gradient)
    let division = RowDivision(model, parameters, batchSize: configuration.batchSize, over: communicator)
    let count = parameters.count
    // Before there are moments of the same size.
    division.divide(&parameters.tensors)
    var state = TrainingState(configuration: configuration, parameters: parameters)
    (state.progress, state.optimizer.step) = (outline.progress, outline.optimizerStep)
    if outline.isAverageEmpty == false {
      state.average = configuration.average.map { ParameterAverage(decay: $0, resuming: parameters) }
    }
    communicator.share(&state, dividing: division)
    Compute.releaseMemory()
    let images = communicator.share(nil, of: outline.images)
    var step = TrainingStep(
      configuration, model: model, images: images, isDynamicallyBinarized: outline.isDynamicallyBinarized)
    (step.communicator, step.division) = (communicator, division)
    let share = BatchShare(of: min(configuration.batchSize, images.count), over: communicator)
    report(
      .began(
        places: share.places, parameters: state.parameters.tensors.reduce(0) { $0 + $1.count }, ofParameters: count))
    var order: (epoch: Int, images: [Int])?
    var (steps, sentBytes) = (0, 0)
    while true {
      switch communicator.hear(TrainingTask.self) {
      case .step(let learningRate):
        state.optimizer.learningRate = learningRate
        let epoch = step.plan.epoch(ofStep: state.progress.step)
        if order?.epoch != epoch { order = (epoch, step.plan.order(epoch: epoch)) }
        let before = communicator.sentByteCount
        do {
          _ = try step.take(&state, order: order?.images ?? [], isStopping: shouldStop())
          (steps, sentBytes) = (steps + 1, sentBytes + communicator.sentByteCount - before)
        } catch {
          // The leader has the same error, and says so.
          report(.failed(error))
        }
      case .evaluation:
        var evaluator = Evaluator(configuration, model: model, parameters: state.modelParameters)
        evaluator.communicator = communicator
        evaluator.follow()
      case .rows(let kind, let place):
        _ = division.collected(state.tensors(kind)[place], shape: state.parameters.parameters[place].shape)
      case .end:
        report(.ended(steps: steps, sentBytes: sentBytes))
        return
      }
    }
  }
}
