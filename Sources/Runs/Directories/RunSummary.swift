import Files
import Foundation
import ImageDatasets
import VariationalAutoencoder

/// The summary of a run, finished or in progress, from the files of its directory: configuration, epochs and
/// evaluations.
public struct RunSummary: Sendable {
  /// The metrics of an epoch, in nats.
  public struct Epoch: Sendable, Equatable {
    /// The epoch, counted from one.
    public let epoch: Int
    /// The number of steps done at its end.
    public let step: Int
    /// The seconds of training and validation from the beginning of the run to the end of the epoch.
    public let elapsedSeconds: Double
    /// The means on the training images.
    public let training: MetricsRecord
    /// The means on the validation images.
    public let validation: MetricsRecord
  }

  /// The directory of the run.
  public let directory: RunDirectory
  /// The configuration of the run.
  public let configuration: TrainingConfiguration
  /// The number of elements of the model's parameters; nil before there is a checkpoint.
  public let parameterCount: Int?
  /// The epochs in `metrics.jsonl`.
  public let epochs: [Epoch]
  /// The progress of the run at its checkpoint; nil before there is one.
  public let progress: TrainingProgress?
  /// The evaluations in `evaluations.jsonl`, oldest first.
  public let evaluations: [EvaluationRecord]

  /// Reads the directory of a run; an incomplete last line is ignored, since it is still being written.
  ///
  /// - Parameters:
  ///   - directory: The directory.
  ///   - onDamage: Takes the error where a checkpoint, the configuration or a line of metrics or evaluations is damaged:
  ///     throws it, or accepts that what is damaged is left out.
  /// - Throws: ``RunError/missingRun(path:reason:)`` where there is no run; what `onDamage` throws, which by default is
  ///   ``RunError/invalidRun(path:reason:)`` or `SafetensorsError` where files are damaged.
  public init(_ directory: RunDirectory, onDamage: (any Error) throws -> Void = { throw $0 }) throws {
    self.directory = directory
    let path = directory.url.relativePath
    guard let isDirectory = FileManager.default.isDirectory(atPath: directory.url.path) else {
      throw RunError.missingRun(path: path, reason: "there is nothing of that name")
    }
    guard isDirectory else {
      throw RunError.invalidRun(path: path, reason: "it is a file; name the directory of a run")
    }
    let summary = try Self.checkpointSummary(directory, onDamage)
    guard let configuration = try Self.configuration(directory, onDamage) ?? summary?.configuration else {
      throw RunError.missingRun(
        path: path, reason: "the directory has neither config.json nor a checkpoint that can be read")
    }
    self.configuration = configuration
    parameterCount = summary?.parameterCount
    progress = summary?.progress
    epochs = try Self.epochs(in: directory.metrics, onDamage)
    evaluations = try JSONLines.read(directory.evaluations, onDamage: onDamage)
  }

  /// The description of the last checkpoint, or of the best where that is damaged; nil where there is none.
  private static func checkpointSummary(
    _ directory: RunDirectory, _ onDamage: (any Error) throws -> Void
  ) throws -> Checkpoint.Summary? {
    let checkpoints = [directory.last, directory.best].filter { FileManager.default.fileExists(atPath: $0.path) }
    guard let first = checkpoints.first else { return nil }
    do {
      do { return try Checkpoint.summary(of: first) } catch  where Checkpoint.isDamage(error) && checkpoints.count > 1 {
        return try Checkpoint.summary(of: checkpoints[1])
      }
    } catch {
      try onDamage(error)
      return nil
    }
  }

  /// The configuration in `config.json`; nil where there is none.
  private static func configuration(
    _ directory: RunDirectory, _ onDamage: (any Error) throws -> Void
  ) throws -> TrainingConfiguration? {
    let file = directory.configuration
    func invalid(_ reason: String) -> RunError { .invalidRun(path: file.relativePath, reason: reason) }
    do {
      guard let data = try Data(ifPresent: file) else { return nil }
      guard let text = String(bytes: data, encoding: .utf8) else { throw invalid("it is no text in UTF-8") }
      guard let given = try? TrainingConfiguration(json: text) else {
        throw invalid("it is no configuration of a training run")
      }
      do { try given.validate() } catch { throw invalid(error.description) }
      return given
    } catch {
      try onDamage(error)
      return nil
    }
  }

  private static func epochs(in file: URL, _ onDamage: (any Error) throws -> Void) throws -> [Epoch] {
    var training: [Int: MetricsRecord] = [:]
    var validation: [Int: MetricsRecord] = [:]
    // The lines of steps, hundreds for each epoch, are not needed here.
    let records: [MetricsRecord] = try JSONLines.read(file, skipping: #""split":"step""#, onDamage: onDamage)
    for record in records {
      switch record.split {
      case "train": training[record.epoch] = record
      case "validation": validation[record.epoch] = record
      default: break
      }
    }
    var elapsed = 0.0
    return training.keys.sorted().compactMap { epoch in
      guard let trained = training[epoch], let validated = validation[epoch] else { return nil }
      elapsed += trained.seconds + validated.seconds
      return Epoch(
        epoch: epoch, step: trained.step, elapsedSeconds: elapsed, training: trained, validation: validated)
    }
  }
}

extension RunSummary {
  /// The number of finished epochs.
  public var epochCount: Int { max(epochs.last?.epoch ?? 0, progress?.epoch ?? 0) }

  /// The best negative ELBO on the validation images, in nats, and its epoch; nil before the end of the first epoch.
  public var best: (negativeELBO: Double, epoch: Int)? {
    let measured = epochs.min { $0.validation.negativeELBO < $1.validation.negativeELBO }
      .map { ($0.validation.negativeELBO, $0.epoch) }
    let saved = progress.flatMap { progress in
      progress.bestNegativeELBO.flatMap { bound in progress.bestEpoch.map { (bound, $0) } }
    }
    return [measured, saved].compactMap { $0 }.min { $0.0 < $1.0 }
  }

  /// The mean number of evaluations of the velocity per batch in the last finished epoch.
  public var evaluationsPerBatch: (forward: Double, backward: Double)? {
    if let last = epochs.last?.training { return (last.evaluationsForward, last.evaluationsBackward) }
    return progress?.lastTraining.map { ($0.evaluationsForward, $0.evaluationsBackward) }
  }

  /// The median over epochs of the seconds of training; a single slow epoch has no effect.
  public var secondsPerEpoch: Double? {
    epochs.map(\.training.seconds).median
  }

  /// The latest evaluation of all test images of the run's dataset; where there is none, the latest of the most test
  /// images.
  public var testEvaluation: EvaluationRecord? { evaluation { _ in true } }

  /// The latest such evaluation with several samples per image: an estimate of the likelihood.
  public var likelihoodEvaluation: EvaluationRecord? { evaluation { $0.nll != nil } }

  private func evaluation(_ isWanted: (EvaluationRecord) -> Bool) -> EvaluationRecord? {
    let found = evaluations.filter {
      $0.dataset == configuration.dataset && $0.split == DatasetSplit.test.rawValue && isWanted($0)
    }
    guard let most = found.map({ $0.isWhole ? Int.max : $0.images }).max() else { return nil }
    return found.last { ($0.isWhole ? Int.max : $0.images) == most }
  }

  /// The published negative ELBO of the run's kind of posterior on its dataset, in the unit of ``figure(nats:)``; nil
  /// where there is none.
  public var publishedNegativeELBO: Double? {
    configuration.model.posterior.publishedMethod.flatMap {
      PublishedResults.negativeELBO($0, on: configuration.dataset)
    }
  }

  /// Nats per image in the unit in which models of the run's kind are compared: that of ``unit``.
  public func figure(nats: Double) -> Double {
    configuration.model.bitsPerDimension(nats: nats) ?? nats
  }

  /// The unit of ``figure(nats:)``.
  public var unit: LikelihoodUnit { configuration.model.likelihood.likelihood.unit }
}
