import Files
import Foundation
import NeuralNetworks
import Runs
import Tensors

/// Observes the training of a density model, for example to show its progress.
public protocol DensityTrainingObserver: AnyObject {
  /// Called after each step.
  func didTakeStep(_ record: DensityRecord, _ state: DensityState)
  /// Called after each validation, with the means on the training and the validation samples; the latter is nil where the
  /// density of a sample is so small that its logarithm is not finite.
  func didFinishEpoch(_ training: DensityRecord, _ validation: DensityRecord?, isBest: Bool, _ state: DensityState)
}

/// Trains a density model: steps, validation, drops of the learning rate, early stopping, checkpoints.
public struct DensityTrainer {
  /// Why training ended.
  public enum Ending: Sendable, Equatable {
    /// All steps are done.
    case complete
    /// The validation figure has not improved for more validations than the patience allows.
    case stoppedEarly(bestEpoch: Int)
    /// The caller asked to stop.
    case interrupted
  }

  /// The state of the run.
  public private(set) var state: DensityState
  /// The directory of the run.
  public let directory: RunDirectory
  /// The model.
  public let model: DensityModel
  /// When a run saves its state although no validation is due.
  public var savingTimer = SavingTimer()
  private let data: DensityDataset
  private let step: DensityStep
  private let validation: Tensor
  private var hasCheckpoint: Bool

  /// A trainer of a new run.
  ///
  /// - Parameters:
  ///   - configuration: The configuration, which is fitted to the data.
  ///   - data: The data.
  ///   - directory: The directory of the run; see `RunDirectory.create(isReplacing:isApart:)`.
  /// - Throws: `RunError.invalidValue`, `RunError.invalidConfiguration`, `RunError.notEnoughMemory`
  public init(
    _ configuration: DensityConfiguration, data: DensityDataset, directory: RunDirectory
  ) throws(RunError) {
    var configuration = configuration.fitted(to: data)
    configuration.dataDigest = nil
    try configuration.validate()
    try configuration.trainingMemory(samples: data.trainingCount).require(for: "training")
    let made = try DensityModel.make(configuration, in: DensityBuilder(seed: configuration.seed))
    var state = DensityState(configuration, made.parameters, buffers: made.buffers)
    (state.standardization, state.columns) = (data.standardization, data.columns)
    state.run = UUID().uuidString
    try self.init(resuming: state, made.model, data: data, directory: directory)
    hasCheckpoint = false
    // What a layer finds in its first batch, such as the means that it subtracts.
    let first = step.batch(configuration, step: 0, order: step.plan?.order(epoch: 0) ?? [])
    made.model.initialize(&self.state.parameters, buffers: made.buffers, for: first)
  }

  /// A trainer that resumes a run from a state.
  ///
  /// - Parameters:
  ///   - state: The state.
  ///   - model: The model of the state.
  ///   - data: The data.
  ///   - directory: The directory of the run.
  ///   - allowingChangedData: Whether to accept other data than those the run began with.
  /// - Throws: `RunError.unusableImages` where the data are of another number of dimensions; `RunError.changedData`
  ///   where they are not those of the run; `RunError.notEnoughMemory`.
  public init(
    resuming state: DensityState, _ model: DensityModel, data: DensityDataset, directory: RunDirectory,
    allowingChangedData: Bool = false
  ) throws(RunError) {
    let configuration = state.configuration
    try configuration.validate()
    if let misfit = data.misfit(configuration) { throw .unusableImages("\(data.name): \(misfit)") }
    try configuration.trainingMemory(samples: data.trainingCount, isStateHeld: true).require(for: "training")
    // Of all the data, which takes a while where there are many.
    let digest = data.digest
    if let recorded = configuration.dataDigest, recorded != digest, !allowingChangedData {
      throw .changedData("\(data.name) has other data than the run began with")
    }
    self.state = state
    self.state.configuration.dataDigest = digest
    self.model = model
    self.data = data
    self.directory = directory
    step = DensityStep(model, data, configuration)
    validation = data.validation.leading(upTo: configuration.limitValidation)
    hasCheckpoint = FileManager.default.fileExists(atPath: directory.last.path)
  }

  /// The numbers of samples that are trained on and validated with; the first is nil where they are drawn without end.
  public var sampleCounts: (training: Int?, validation: Int) { (data.trainingCount, validation.shape[0]) }

  /// Trains until the end of the run, and saves the state after each validation, by ``savingTimer`` without one,
  /// and when training stops.
  ///
  /// - Parameters:
  ///   - observer: Is told about each step and validation.
  ///   - shouldStop: Is asked after each step whether to stop.
  /// - Returns: Why training ended.
  /// - Throws: `RunError`; `FileError` where a checkpoint cannot be written.
  public mutating func run(observer: any DensityTrainingObserver, shouldStop: () -> Bool) throws -> Ending {
    do { return try train(observer, shouldStop) } catch RunError.diverged(let step, let reason, _) {
      throw RunError.diverged(
        step: step, reason: reason, checkpoint: hasCheckpoint ? directory.last.relativePath : nil)
    }
  }

  private mutating func train(_ observer: any DensityTrainingObserver, _ shouldStop: () -> Bool) throws -> Ending {
    // A run that fails before its first checkpoint replaces none.
    defer { directory.replacement.discard() }
    let configuration = state.configuration
    try directory.write(anyConfiguration: configuration, run: state.run)
    try directory.rewindMetrics(to: state.progress.step)
    let events = EventLog(directory, try configuration.description(), after: state.progress.step)
    let ending = try takeSteps(events, observer, shouldStop)
    if ending != .interrupted { try events.finish(step: state.progress.step) }
    return ending
  }

  private mutating func takeSteps(
    _ events: EventLog, _ observer: any DensityTrainingObserver, _ shouldStop: () -> Bool
  ) throws -> Ending {
    let configuration = state.configuration
    var order = step.plan.map { $0.order(epoch: $0.epoch(ofStep: state.progress.step)) } ?? []
    savingTimer.restart()
    while state.progress.step < configuration.steps {
      if let bestEpoch = stoppedEarly { return .stoppedEarly(bestEpoch: bestEpoch) }
      let start = ContinuousClock.now
      if let plan = step.plan, state.progress.step % plan.stepsPerEpoch == 0 {
        order = plan.order(epoch: plan.epoch(ofStep: state.progress.step))
      }
      let (metrics, samples) = try step.take(&state, order: order)
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      state.progress.epochSums.add(metrics, samples: samples)
      state.progress.epochSeconds += seconds
      state.progress.totalSeconds += seconds
      let record = record("step", epoch: state.progress.epoch + 1, metrics, seconds: seconds)
      try directory.append(anyRecords: [record])
      try events.append([record])
      observer.didTakeStep(record, state)
      if state.progress.step % configuration.validationInterval == 0 || state.progress.step == configuration.steps {
        try finishEpoch(events, observer)
      } else if savingTimer.isDue {
        try save(isBest: false)
      }
      if shouldStop() {
        try save(isBest: false)
        return .interrupted
      }
    }
    if let bestEpoch = stoppedEarly { return .stoppedEarly(bestEpoch: bestEpoch) }
    return .complete
  }

  /// The best epoch, if training is to stop early; otherwise nil.
  private var stoppedEarly: Int? {
    guard let patience = state.configuration.patience, let best = state.progress.bestEpoch else { return nil }
    return state.progress.epochsWithoutGain > patience ? best : nil
  }

  private mutating func finishEpoch(_ events: EventLog, _ observer: any DensityTrainingObserver) throws {
    let start = ContinuousClock.now
    let validated = try validated()
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let epoch = state.progress.epoch + 1
    let training = record(
      "train", epoch: epoch, state.progress.epochSums.mean, seconds: state.progress.epochSeconds)
    let validation = validated.map { record("validation", epoch: epoch, $0, seconds: seconds) }
    let records = [training] + (validation.map { [$0] } ?? [])
    state.progress.epoch = epoch
    state.progress.epochSums = DensityMetricsSum()
    state.progress.epochSeconds = 0
    let best = state.progress.bestNegativeLogLikelihood ?? .infinity
    let isBest = validated.map { $0.negativeLogLikelihood < best } ?? false
    if isBest, let validated {
      state.progress.bestNegativeLogLikelihood = validated.negativeLogLikelihood
      state.progress.bestEpoch = epoch
    }
    state.dropLearningRate()
    try directory.append(anyRecords: records)
    try events.append(records)
    try save(isBest: isBest)
    observer.didFinishEpoch(training, validation, isBest: isBest, state)
  }

  /// The metrics of the validation samples. A model that fits the training samples too closely may leave a density of zero
  /// at others: that is no gain, and nil.
  private func validated() throws -> DensityMetrics? {
    var evaluator = DensityEvaluator(model, state)
    evaluator.divergence = state.configuration.divergence
    evaluator.batchSize = max(1, min(validation.shape[0], state.configuration.batchSize * 5))
    do { return try evaluator.evaluate(validation).metrics } catch RunError.undefinedDensity {
      guard state.progress.bestEpoch == nil else { return nil }
      throw RunError.diverged(step: state.progress.step, reason: "a validation sample's log-density is not finite")
    }
  }

  private mutating func save(isBest: Bool) throws {
    try directory.save(isBest: isBest) { try DensityCheckpoint.write(state, to: $0) }
    hasCheckpoint = true
    savingTimer.restart()
  }

  private func record(_ split: String, epoch: Int, _ metrics: DensityMetrics, seconds: Double) -> DensityRecord {
    var record = DensityRecord(step: state.progress.step, epoch: epoch, split: split, metrics, seconds: seconds)
    record.bitsPerDimension = model.bitsPerDimension(nats: metrics.negativeLogLikelihood)
    if split != "validation" { record.learningRate = state.optimizer.learningRate }
    return record
  }
}

extension Tensor {
  /// The first rows, at most `count` of them; all with nil.
  fileprivate func leading(upTo count: Int?) -> Tensor {
    guard let count, count < shape[0] else { return self }
    return sliced(axis: 0, start: 0, length: count)
  }
}

extension DensityDataset {
  /// Why a model does not take these data; nil where it does.
  public func misfit(_ configuration: DensityConfiguration) -> String? {
    func columns(_ count: Int) -> String { "\(count) dimension\(count == 1 ? "" : "s")" }
    let taken = configuration.dimensions ?? 0
    if dimensions != taken { return "it has \(columns(dimensions)), and the model takes \(taken)" }
    return ImageShape.misfit(imageShape, configuration.image)
  }
}

extension ImageShape {
  /// Why a model that takes images of a shape, or rows where there is none, does not take data of another; nil where it does.
  static func misfit(_ given: ImageShape?, _ taken: ImageShape?) -> String? {
    func words(_ shape: ImageShape?) -> String { shape.map { "images of \($0.height)x\($0.width)" } ?? "rows" }
    return given == taken ? nil : "it has \(words(given)), and the model takes \(words(taken))"
  }
}

extension DensityConfiguration {
  /// The configuration for data, whose number of dimensions and shape of images it takes.
  public func fitted(to data: DensityDataset) -> DensityConfiguration {
    var configuration = self
    (configuration.dimensions, configuration.image) = (data.dimensions, data.imageShape)
    return configuration
  }

  /// What TensorBoard's event files say of the configuration.
  func description() throws -> RunDescription {
    var complete = self
    complete.dataDirectory = ""
    complete.dataDigest = ""
    complete.dimensions = 1
    complete.image = ImageShape(height: 1, width: 1)
    complete.relativeTolerance = 1
    complete.clipNorm = 1
    complete.patience = 1
    complete.limitValidation = 1
    return try RunDescription(
      self, complete: complete, foremost: ["dataset", "learningRate", "flows", "blocks", "seed"],
      compared: ["negative_log_likelihood"] + (image == nil ? [] : ["bits_per_dimension"]))
  }
}
