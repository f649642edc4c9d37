import Communication
import Files
import Foundation
import ImageDatasets
import Inference
import NeuralNetworks
import Runs
import VariationalAutoencoder

/// Trains a model: steps, epochs, validation, early stopping, checkpoints.
public struct Trainer {
  /// Why training ended.
  public enum Ending: Sendable, Equatable {
    /// All epochs or steps are done.
    case complete
    /// The validation bound has not improved for more epochs than the patience allows.
    case stoppedEarly(bestEpoch: Int)
    /// The caller asked to stop.
    case interrupted
  }

  /// The state of the run.
  public internal(set) var state: TrainingState
  let model: VariationalAutoencoder
  private let dataset: ImageDataset
  /// The directory of the run.
  public let directory: RunDirectory
  /// When a run saves its state in the middle of an epoch.
  public var savingTimer = SavingTimer()
  var training: TrainingStep
  private let validation: GreyImages
  /// Whether a new run has the encoder and decoder of a trained model, but another flow.
  public private(set) var hasNewFlow = false
  /// Whether there is a checkpoint from before the current step.
  private(set) var hasCheckpoint: Bool

  /// A trainer of a new run.
  ///
  /// - Parameters:
  ///   - configuration: The configuration, which is fitted to the dataset.
  ///   - dataset: The images to train on and to validate with.
  ///   - directory: The directory of the run; see `RunDirectory.create(isReplacing:isApart:)`.
  ///   - initial: The parameters of a trained model to begin with; nil for random ones. A flow of other parameters than
  ///     its own begins at random, beside the trained model's encoder and decoder.
  ///   - trainedImages: The images that the initial parameters were trained on.
  /// - Throws: `RunError.invalidValue`; `RunError.invalidConfiguration`, also where the encoder or decoder of the initial
  ///   parameters does not fit; `RunError.unusableImages` where there are no training or validation images;
  ///   `RunError.notEnoughMemory`
  public init(
    _ configuration: TrainingConfiguration, dataset: ImageDataset, directory: RunDirectory,
    initial: ParameterSet? = nil, trainedOn trainedImages: TrainedImages? = nil
  ) throws(RunError) {
    var configuration = configuration.fitted(to: dataset)
    configuration.dataDigest = nil
    try configuration.validate()
    try MemoryEstimate.training(configuration, imageCount: dataset.train.count).require(for: "training")
    var (model, parameters) = VariationalAutoencoder.make(
      configuration.model, seed: configuration.seed, solver: try configuration.solverOptions(),
      gradient: configuration.gradient)
    var hasNewFlow = false
    if let initial {
      let initial = try InitialParameters(initial, random: parameters, configuration.model)
      (parameters, hasNewFlow) = (initial.values, initial.hasNewFlow)
    }
    var state = TrainingState(configuration: configuration, parameters: parameters)
    state.trainedImages = trainedImages
    try self.init(resuming: state, model, dataset: dataset, directory: directory)
    hasCheckpoint = false
    self.hasNewFlow = hasNewFlow
  }

  /// A trainer that resumes a run from a state.
  ///
  /// - Parameters:
  ///   - state: The state.
  ///   - model: The model of the state.
  ///   - dataset: The images to train on and to validate with.
  ///   - directory: The directory of the run.
  ///   - allowingChangedData: Whether to accept other images than those the run began with.
  /// - Throws: `RunError.invalidConfiguration` where the images are not of the model's size;
  ///   `RunError.changedData` where they are not those of the run; `RunError.unusableImages`
  ///   where a split is empty; `RunError.notEnoughMemory`
  public init(
    resuming state: TrainingState, _ model: VariationalAutoencoder, dataset: ImageDataset,
    directory: RunDirectory, allowingChangedData: Bool = false
  ) throws(RunError) {
    let configuration = state.configuration
    try configuration.validate()
    guard dataset.height == configuration.model.imageHeight, dataset.width == configuration.model.imageWidth
    else {
      throw .invalidConfiguration(
        "the model takes images of \(configuration.model.imageHeight)x\(configuration.model.imageWidth), and "
          + "\(dataset.name) has \(dataset.height)x\(dataset.width)")
    }
    try MemoryEstimate.training(configuration, imageCount: dataset.train.count, isStateHeld: true)
      .require(for: "training")
    let images = configuration.limitTrain.map { dataset.train.prefix($0) } ?? dataset.train
    validation = configuration.limitEvaluation.map { dataset.validation.prefix($0) } ?? dataset.validation
    try Self.requireImages(in: dataset)
    var state = state
    try state.adopt(
      dataset, training: Array(dataset.identities(of: .train).prefix(images.count)), allowingChange: allowingChangedData
    )
    self.state = state
    hasCheckpoint = FileManager.default.fileExists(
      atPath: directory.place.appending(path: Checkpoint.lastName).path)
    // A run of an older program has no identifier yet.
    self.state.run = state.run ?? UUID().uuidString
    self.model = model
    self.dataset = dataset
    self.directory = directory
    training = TrainingStep(
      configuration, model: model, images: images, isDynamicallyBinarized: dataset.isTrainBinarizedDynamically)
  }

  /// The ranks that train together, of which this one leads; by default this process alone.
  public var communicator: any Communicator {
    get { training.communicator }
    set { training.communicator = newValue }
  }

  /// The bytes that this rank has sent in steps of training so far, and the number of these steps.
  public private(set) var sent = (bytes: 0, steps: 0)

  /// The number of steps of the run, if it is not stopped early.
  public var totalSteps: Int {
    let (all, overflow) = state.configuration.epochs.multipliedReportingOverflow(
      by: training.plan.stepsPerEpoch)
    return min(overflow ? Int.max : all, state.configuration.steps ?? Int.max)
  }

  /// The numbers of images that are trained on and validated with.
  public var imageCounts: (training: Int, validation: Int) { (training.images.count, validation.count) }

  /// The number of steps of an epoch.
  public var stepsPerEpoch: Int { training.plan.stepsPerEpoch }

  /// Saves configuration and state before training, for a run that begins with the state of another.
  ///
  /// - Throws: `RunError.unwritable`; `FileError`
  public func save() throws {
    try directory.write(state.configuration, run: state.run)
    try directory.save(state, isBest: false)
  }

  /// Trains until the end of the run, and saves the state after each epoch, by ``savingTimer`` within one, and
  /// when training stops.
  ///
  /// - Parameters:
  ///   - observer: Is told about each step and epoch.
  ///   - shouldStop: Is asked after each step whether to stop.
  /// - Returns: Why training ended.
  /// - Throws: `RunError`; `FileError` where a checkpoint cannot be written.
  public mutating func run(observer: any TrainingObserver, shouldStop: () -> Bool) throws -> Ending {
    do { return try train(observer, shouldStop) } catch let error as RunError { throw explained(error) }
  }

  private mutating func save(isBest: Bool) throws {
    try directory.save(state, isBest: isBest, collecting: training.division?.isEmpty == false ? collect : nil)
    hasCheckpoint = true
    savingTimer.restart()
  }

  private mutating func train(_ observer: any TrainingObserver, _ shouldStop: () -> Bool) throws -> Ending {
    let configuration = state.configuration
    // A run that fails before its first checkpoint replaces none.
    defer { directory.replacement.discard() }
    try directory.write(configuration, run: state.run)
    try directory.rewindMetrics(to: state.progress.step)
    let events = EventLog(directory, try RunDescription(configuration), after: state.progress.step)
    lead()
    defer { if communicator.isShared { communicator.tell(TrainingTask.end) } }
    try drawIfMissing(events)
    let ending = try takeSteps(events, observer, shouldStop)
    if ending != .interrupted { try events.finish(step: state.progress.step) }
    return ending
  }

  private mutating func takeSteps(
    _ events: EventLog, _ observer: any TrainingObserver, _ shouldStop: () -> Bool
  ) throws -> Ending {
    let configuration = state.configuration
    let plan = training.plan
    var order = plan.order(epoch: plan.epoch(ofStep: state.progress.step))
    savingTimer.restart()
    while state.progress.step < totalSteps {
      if let bestEpoch = stoppedEarly { return .stoppedEarly(bestEpoch: bestEpoch) }
      let epoch = plan.epoch(ofStep: state.progress.step) + 1
      let start = ContinuousClock.now
      state.optimizer.learningRate = configuration.learningRate(
        step: state.progress.step, totalSteps: totalSteps, plateau: state.progress.plateau ?? Plateau())
      communicator.tell(TrainingTask.step(learningRate: state.optimizer.learningRate))
      let before = communicator.sentByteCount
      let (metrics, count, isStopping) = try training.take(&state, order: order)
      sent = (sent.bytes + communicator.sentByteCount - before, sent.steps + 1)
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      state.progress.epochSums.add(metrics, images: count)
      state.progress.epochSeconds += seconds
      state.progress.totalSeconds += seconds
      let record = record("step", epoch: epoch, metrics, seconds: seconds)
      try directory.append([record])
      try events.append([record])
      observer.didTakeStep(record, state, totalSteps: totalSteps)

      if state.progress.step % plan.stepsPerEpoch == 0 {
        try finishEpoch(epoch, events, observer)
        order = plan.order(epoch: epoch)
      } else if savingTimer.isDue {
        try save(isBest: false)
      }
      if isStopping || shouldStop() {
        try save(isBest: false)
        return .interrupted
      }
    }
    if state.progress.step % plan.stepsPerEpoch != 0 { try save(isBest: false) }
    if let bestEpoch = stoppedEarly { return .stoppedEarly(bestEpoch: bestEpoch) }
    return .complete
  }

  /// The best epoch, if training is to stop early; otherwise nil. Epochs of the KL warm-up, whose loss still changes,
  /// do not count.
  private var stoppedEarly: Int? {
    guard let bestEpoch = state.progress.bestEpoch else { return nil }
    let since = max(bestEpoch, state.configuration.warmup)
    return state.progress.epoch - since > state.configuration.patience ? bestEpoch : nil
  }

  private mutating func finishEpoch(
    _ epoch: Int, _ events: EventLog, _ observer: any TrainingObserver
  ) throws {
    let trained = state.progress.epochSums.mean
    let start = ContinuousClock.now
    let validated = try evaluator.evaluate(validation).metrics.mean
    let validationSeconds = (ContinuousClock.now - start) / .seconds(1)
    let isBest = validated.negativeELBO < state.progress.bestNegativeELBO ?? .infinity
    let records = [
      record("train", epoch: epoch, trained, seconds: state.progress.epochSeconds),
      record("validation", epoch: epoch, validated, seconds: validationSeconds),
    ]
    state.progress.epoch = epoch
    state.progress.epochSums = MetricsSum()
    state.progress.epochSeconds = 0
    state.progress.lastTraining = trained
    state.progress.lastValidation = validated
    var plateau = state.progress.plateau ?? Plateau()
    plateau.add(
      validated.negativeELBO, factor: state.configuration.plateauFactor, patience: state.configuration.plateauPatience)
    state.progress.plateau = plateau
    if isBest {
      state.progress.bestNegativeELBO = validated.negativeELBO
      state.progress.bestEpoch = epoch
    }
    try directory.append(records)
    try events.append(records)
    try save(isBest: isBest)
    try draw(events)
    observer.didFinishEpoch(records[0], records[1], isBest: isBest, state)
  }

  /// The evaluator for validation.
  private var evaluator: Evaluator {
    var evaluator = Evaluator(state.configuration, model: model, parameters: state.modelParameters)
    evaluator.communicator = communicator
    evaluator.callOthers = { $0.communicator.tell(TrainingTask.evaluation) }
    return evaluator
  }

  /// Draws the pictures at the end of an epoch.
  private func draw(_ events: EventLog) throws {
    let pictures = EpochPictures(evaluator: evaluator, polarity: dataset.polarity)
    let reconstructions = try pictures.reconstructions(of: validation)
    try AtomicFile.write(to: directory.picture(epoch: state.progress.epoch)) { try $0.write(reconstructions.png) }
    try events.append([reconstructions, try pictures.samples()], step: state.progress.step)
  }

  /// Draws the pictures of the last epoch if they are missing, because the program was killed after it had saved the
  /// epoch.
  private func drawIfMissing(_ events: EventLog) throws {
    let progress = state.progress
    guard progress.epoch > 0, progress.step == progress.epoch * training.plan.stepsPerEpoch,
      !FileManager.default.fileExists(atPath: directory.picture(epoch: progress.epoch).path)
    else { return }
    try draw(events)
  }
}

extension Trainer {
  /// The record of the step or the epoch that has just ended.
  private func record(_ split: String, epoch: Int, _ metrics: Metrics, seconds: Double) -> MetricsRecord {
    let configuration = state.configuration
    var record = MetricsRecord(step: state.progress.step, epoch: epoch, split: split, metrics, seconds: seconds)
    record.bitsPerDimension = configuration.model.bitsPerDimension(nats: metrics.negativeELBO)
    guard split != "validation" else { return record }
    record.learningRate = state.optimizer.learningRate
    record.klWeight = configuration.klWeight(epoch: epoch)
    return record
  }
}
