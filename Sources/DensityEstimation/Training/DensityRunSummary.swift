import Foundation
import ImageDatasets
import Runs

/// The summary of a density model's run, finished or in progress, from the files of its directory.
public struct DensityRunSummary: Sendable {
  /// The directory of the run.
  public let directory: RunDirectory
  /// The configuration of the run.
  public let configuration: DensityConfiguration
  /// The number of elements of the model's parameters; nil where the configuration lacks the number of dimensions.
  public let parameterCount: Int?
  /// The epochs in `metrics.jsonl`: the means on the training and the validation samples.
  public let epochs: [(training: DensityRecord, validation: DensityRecord)]
  /// The training records of all epochs, also of those whose validation was not finite.
  let trained: [DensityRecord]
  /// The evaluations in `evaluations.jsonl`, oldest first.
  public let evaluations: [DensityEvaluationRecord]

  /// Reads the directory of a run; an incomplete last line is ignored, since it is still being written.
  ///
  /// - Throws: `RunError.missingRun`, `RunError.invalidRun`
  public init(_ directory: RunDirectory) throws {
    self.directory = directory
    configuration = try DensityRun.configuration(in: directory)
    parameterCount = configuration.dimensions == nil ? nil : DensityModel.layout(configuration).parameters.count
    let records: [DensityRecord] = try directory.metricsOfEpochs { throw $0 }
    var training: [Int: DensityRecord] = [:]
    var validation: [Int: DensityRecord] = [:]
    for record in records {
      if record.split == "train" { training[record.epoch] = record } else { validation[record.epoch] = record }
    }
    trained = training.keys.sorted().compactMap { training[$0] }
    epochs = training.keys.sorted().compactMap { epoch in
      guard let trained = training[epoch], let validated = validation[epoch] else { return nil }
      return (trained, validated)
    }
    evaluations = try directory.evaluations { throw $0 }
  }

  /// The validation record with the least negative log-likelihood; nil before the first validation.
  public var best: DensityRecord? {
    epochs.map(\.validation).min { $0.negativeLogLikelihood < $1.negativeLogLikelihood }
  }

  /// The latest evaluation of the dataset's test samples.
  public var testEvaluation: DensityEvaluationRecord? {
    evaluations.last { $0.split == DatasetSplit.test.rawValue && $0.dataset == configuration.dataset }
  }

  /// The median over epochs of the seconds of a step.
  public var secondsPerStep: Double? {
    var before = 0
    return trained.map { record in
      defer { before = record.step }
      return record.seconds / max(Double(record.step) - Double(before), 1)
    }.median
  }

  /// Nats in the unit in which models of these data are compared: bits per dimension of images, else nats.
  public func figure(_ record: DensityRecord) -> Double { record.bitsPerDimension ?? record.negativeLogLikelihood }

  /// The unit of ``figure(_:)``.
  public var unit: String { configuration.image == nil ? "nats" : "bits/dim" }
}

/// The result of an evaluation of a density model: a line of `evaluations.jsonl`.
public struct DensityEvaluationRecord: Sendable, Equatable, Codable {
  /// The name of the dataset.
  public var dataset: String
  /// The split whose samples were evaluated; nil for other samples than the run's dataset has.
  public var split: String?
  /// The number of samples.
  public var samples: Int
  /// The mean of -log p(x), in nats.
  public var negativeLogLikelihood: Double
  /// The standard error of the mean, in nats; nil for a single sample.
  public var standardError: Double?
  /// The mean in bits per dimension; nil for data other than images.
  public var bitsPerDimension: Double?
  /// How the divergence was computed; nil of models without continuous flows.
  public var divergence: String?
  /// Evaluations of the velocity, the mean over batches.
  public var evaluations: Double
  /// The number of steps that the model was trained for.
  public var step: Int
  /// The duration in seconds.
  public var seconds: Double

  enum CodingKeys: String, CodingKey {
    case dataset, split, samples, divergence, evaluations, step, seconds
    case negativeLogLikelihood = "negative_log_likelihood"
    case standardError = "standard_error"
    case bitsPerDimension = "bits_per_dimension"
  }

  /// The record of an evaluation.
  public init(
    _ evaluation: DensityEvaluation, dataset: String, split: String?, divergence: String?, step: Int, seconds: Double
  ) {
    self.dataset = dataset
    self.split = split
    samples = evaluation.samples
    negativeLogLikelihood = evaluation.negativeLogLikelihood
    standardError = evaluation.standardError
    bitsPerDimension = evaluation.bitsPerDimension
    self.divergence = divergence
    evaluations = evaluation.evaluations
    self.step = step
    self.seconds = seconds
  }
}

extension DensityEvaluationRecord {
  /// Adds the record to those of a run.
  ///
  /// - Throws: `RunError.unwritable`
  public func keep(in directory: RunDirectory) throws { try directory.append(anyEvaluation: self) }
}
