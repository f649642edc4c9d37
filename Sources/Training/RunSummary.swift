import Foundation
import ImageDatasets
import VariationalAutoencoder

/// What is known of a run from its directory, finished or under way: its configuration, each epoch's figures, and what
/// `evaluate` found.
public struct RunSummary: Sendable {
  /// An epoch's means, in nats.
  public struct Epoch: Sendable, Equatable {
    /// Counted from one.
    public let epoch: Int
    /// Steps done at its end.
    public let step: Int
    /// Seconds of training and validation from the run's beginning to its end.
    public let elapsedSeconds: Double
    public let training: MetricsRecord
    public let validation: MetricsRecord
  }

  public let directory: RunDirectory
  public let configuration: TrainingConfiguration
  /// How many numbers the model has; nil before there is a checkpoint.
  public let parameterCount: Int?
  /// The epochs that `metrics.jsonl` has.
  public let epochs: [Epoch]
  /// What the checkpoint says of the run; nil before there is one.
  public let progress: TrainingProgress?
  /// In the order in which they were made.
  public let evaluations: [EvaluationRecord]

  /// Reads a run's directory; a last line that is still being written is passed over.
  ///
  /// - Throws: ``TrainingError/missingRun(path:reason:)`` where there is no run;
  ///   ``TrainingError/invalidRun(path:reason:)`` and ``SafetensorsError`` where its files are damaged.
  public init(_ directory: RunDirectory) throws {
    self.directory = directory
    let path = directory.url.relativePath
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: directory.url.path, isDirectory: &isDirectory) else {
      throw TrainingError.missingRun(path: path, reason: "there is nothing of that name")
    }
    guard isDirectory.boolValue else {
      throw TrainingError.invalidRun(path: path, reason: "it is a file; name the directory of a run")
    }
    let checkpoints = [directory.last, directory.best].filter { FileManager.default.fileExists(atPath: $0.path) }
    let summary = try checkpoints.first.map { first in
      do { return try Checkpoint.summary(of: first) } catch  where Checkpoint.isDamage(error) && checkpoints.count > 1 {
        return try Checkpoint.summary(of: checkpoints[1])
      }
    }
    if FileManager.default.fileExists(atPath: directory.configuration.path) {
      func invalid(_ reason: String) -> TrainingError {
        .invalidRun(path: directory.configuration.relativePath, reason: reason)
      }
      guard let text = try? String(contentsOf: directory.configuration, encoding: .utf8) else {
        throw invalid("it is no text in UTF-8, or cannot be read")
      }
      guard let given = try? TrainingConfiguration(json: text) else {
        throw invalid("it is no configuration of a training run")
      }
      do { try given.validate() } catch { throw invalid(error.description) }
      configuration = given
    } else if let summary {
      configuration = summary.configuration
    } else {
      throw TrainingError.missingRun(
        path: path, reason: "the directory has neither config.json nor a checkpoint")
    }
    parameterCount = summary.map { $0.parameters.reduce(0) { $0 + $1.elementCount } }
    progress = summary?.progress
    epochs = try Self.epochs(in: directory.metrics)
    evaluations = try JSONLines.read(directory.evaluations)
  }

  private static func epochs(in file: URL) throws -> [Epoch] {
    var training: [Int: MetricsRecord] = [:]
    var validation: [Int: MetricsRecord] = [:]
    // A step's line is one of hundreds an epoch, and not wanted here.
    let records: [MetricsRecord] = try JSONLines.read(file, skipping: #""split":"step""#)
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
  /// Epochs finished.
  public var epochCount: Int { max(epochs.last?.epoch ?? 0, progress?.epoch ?? 0) }

  /// The best negative ELBO on the validation split in nats, and the epoch that reached it.
  public var best: (negativeELBO: Double, epoch: Int)? {
    let measured = epochs.min { $0.validation.negativeELBO < $1.validation.negativeELBO }
      .map { ($0.validation.negativeELBO, $0.epoch) }
    let saved = progress.flatMap { progress in
      progress.bestNegativeELBO.flatMap { bound in progress.bestEpoch.map { (bound, $0) } }
    }
    return [measured, saved].compactMap { $0 }.min { $0.0 < $1.0 }
  }

  /// Evaluations of the velocity a batch in the last finished epoch.
  public var evaluationsPerBatch: (forward: Double, backward: Double)? {
    if let last = epochs.last?.training { return (last.evaluationsForward, last.evaluationsBackward) }
    return progress?.lastTraining.map { ($0.evaluationsForward, $0.evaluationsBackward) }
  }

  /// The median over epochs of the seconds that training took, which one slow epoch does not change.
  public var secondsPerEpoch: Double? {
    let seconds = epochs.map(\.training.seconds).sorted()
    guard !seconds.isEmpty else { return nil }
    return (seconds[(seconds.count - 1) / 2] + seconds[seconds.count / 2]) / 2
  }

  /// The latest evaluation of the test images of the run's own dataset, of all of them where there is one; else the latest
  /// of the most images.
  public var testEvaluation: EvaluationRecord? { evaluation { _ in true } }

  /// The latest such evaluation with several samples: an estimate of the likelihood.
  public var likelihoodEvaluation: EvaluationRecord? { evaluation { $0.nll != nil } }

  private func evaluation(_ isWanted: (EvaluationRecord) -> Bool) -> EvaluationRecord? {
    let found = evaluations.filter {
      $0.dataset == configuration.dataset && $0.split == DatasetSplit.test.rawValue && isWanted($0)
    }
    guard let most = found.map({ $0.isWhole ? Int.max : $0.images }).max() else { return nil }
    return found.last { ($0.isWhole ? Int.max : $0.images) == most }
  }

  /// The published negative ELBO of the run's kind of posterior on its dataset, in ``figure(nats:)``'s unit.
  public var publishedNegativeELBO: Double? {
    PublishedResults.negativeELBO(PublishedResults.Method(configuration.model.flow), on: configuration.dataset)
  }

  /// Nats an image in the unit that models of the run's kind are compared in: bits a dimension for grey images.
  public func figure(nats: Double) -> Double {
    configuration.model.bitsPerDimension(nats: nats) ?? nats
  }

  /// Whether figures are in bits a dimension.
  public var isInBitsPerDimension: Bool { configuration.model.likelihood == .categorical }
}
