import DifferentialEquations
import FileTestSupport
import Foundation
import ImageDatasets
import NormalizingFlows
import Randomness
import Tensors
import VariationalAutoencoder

@testable import Runs
@testable import Training

/// Data, a configuration and runs so small that a test takes well under a second: images of 8x8 pixels, which
/// the convolutions' last kernel fits, and a flow of a few hundred weights.
enum TinyRun {
  static let side = 8

  /// Grey images of soft spots: structure that a model can learn, other images for other seeds.
  static func images(_ count: Int, seed: UInt64 = 0) -> GreyImages {
    let stream = RandomStream(seed: seed, purpose: .test)
    var pixels: [Float] = []
    for image in 0..<count {
      let (x, y) = (7 * stream.uniform(at: 2 * image), 7 * stream.uniform(at: 2 * image + 1))
      for row in 0..<side {
        for column in 0..<side {
          let distance = (Float(row) - y) * (Float(row) - y) + (Float(column) - x) * (Float(column) - x)
          pixels.append(exp(-distance / 4))
        }
      }
    }
    return GreyImages(height: side, width: side, pixels: pixels)
  }

  /// The same, of zeros and ones.
  static func binary(_ count: Int, seed: UInt64 = 0) -> GreyImages {
    images(count, seed: seed).binarized(using: RandomStream(seed: seed, purpose: .test, step: 1))
  }

  static func dataset(train: Int = 10, validation: Int = 5) -> ImageDataset {
    ImageDataset(
      name: "spots", train: images(train), validation: binary(validation, seed: 1), test: binary(5, seed: 2),
      isTrainBinarizedDynamically: true)
  }

  /// Ten images in batches of four: three steps an epoch, the last one short.
  static func configuration(_ change: (inout TrainingConfiguration) -> Void = { _ in })
    -> TrainingConfiguration
  {
    var configuration = TrainingConfiguration()
    configuration.dataset = "spots"
    configuration.model.imageHeight = side
    configuration.model.imageWidth = side
    configuration.model.latent = 4
    configuration.model.hidden = [8]
    configuration.model.blocks = 1
    configuration.model.rank = 2
    configuration.batchSize = 4
    configuration.learningRate = 2e-3
    configuration.epochs = 3
    configuration.warmup = 2
    configuration.tolerance = 1e-3
    change(&configuration)
    return configuration
  }

  static func state(_ configuration: TrainingConfiguration = configuration()) throws -> (
    model: VariationalAutoencoder, state: TrainingState
  ) {
    let trainer = try Trainer(
      configuration, dataset: dataset(), directory: RunDirectory("/nonexistent"))
    let (model, _) = VariationalAutoencoder.make(
      configuration.model, seed: configuration.seed, solver: try configuration.solverOptions(),
      gradient: configuration.gradient)
    return (model, trainer.state)
  }

  /// A new run in a new directory.
  @discardableResult
  static func train(
    _ configuration: TrainingConfiguration, _ dataset: ImageDataset = dataset(), in path: String,
    observer: any TrainingObserver = SilentObserver(), shouldStop: () -> Bool = { false }
  ) throws -> (ending: Trainer.Ending, state: TrainingState) {
    let directory = RunDirectory(path)
    try directory.create(isReplacing: false)
    var trainer = try Trainer(configuration, dataset: dataset, directory: directory)
    let ending = try trainer.run(observer: observer, shouldStop: shouldStop)
    return (ending, trainer.state)
  }

  /// Goes on from the last checkpoint in a directory.
  @discardableResult
  static func resume(
    in path: String, _ dataset: ImageDataset = dataset(), change: (inout TrainingConfiguration) -> Void
  ) throws -> (ending: Trainer.Ending, state: TrainingState) {
    let directory = RunDirectory(path)
    let (model, saved) = try Checkpoint.read(directory.last, includingOptimizer: true)
    var state = saved
    change(&state.configuration)
    var trainer = try Trainer(resuming: state, model, dataset: dataset, directory: directory)
    let ending = try trainer.run(observer: SilentObserver()) { false }
    return (ending, trainer.state)
  }

  /// The lines of `metrics.jsonl`, without the seconds, which no two runs share.
  static func metrics(in path: String) throws -> [MetricsRecord] {
    let text = try String(
      contentsOf: RunDirectory(path).url.appending(path: "metrics.jsonl"), encoding: .utf8)
    return try text.split(separator: "\n").map { line in
      var record = try JSONDecoder().decode(MetricsRecord.self, from: Data(line.utf8))
      record.seconds = 0
      return record
    }
  }
}

/// Sees nothing.
final class SilentObserver: TrainingObserver {
  func didTakeStep(_ record: MetricsRecord, _ state: TrainingState, totalSteps: Int) {}
  func didFinishEpoch(
    _ training: MetricsRecord, _ validation: MetricsRecord, isBest: Bool, _ state: TrainingState
  ) {}
}

/// Keeps the state after each epoch, and which epochs were the best so far.
final class EpochObserver: TrainingObserver {
  var states: [TrainingState] = []
  var validation: [Double] = []
  var areBest: [Bool] = []

  func didTakeStep(_ record: MetricsRecord, _ state: TrainingState, totalSteps: Int) {}

  func didFinishEpoch(
    _ training: MetricsRecord, _ validation: MetricsRecord, isBest: Bool, _ state: TrainingState
  ) {
    states.append(state)
    self.validation.append(validation.negativeELBO)
    areBest.append(isBest)
  }
}

extension TrainingState {
  /// Every number that determines how the run goes on, by name, bit for bit.
  var bits: [String: [UInt32]] {
    func bits(_ tensor: Tensor) -> [UInt32] { tensor.floats().map(\.bitPattern) }
    var all: [String: [UInt32]] = ["optimizer step": [UInt32(optimizer.step)]]
    for (i, parameter) in parameters.parameters.enumerated() {
      all[parameter.name] = bits(parameters.tensors[i])
      all["first moment of \(parameter.name)"] = bits(optimizer.firstMoments[i])
      all["second moment of \(parameter.name)"] = bits(optimizer.secondMoments[i])
      if let average { all["average of \(parameter.name)"] = bits(average.parameters.tensors[i]) }
    }
    return all
  }

  /// The progress without the seconds, which no two runs share.
  var timelessProgress: TrainingProgress {
    var progress = progress
    progress.epochSeconds = 0
    progress.totalSeconds = 0
    return progress
  }

  /// The names of tensors that differ from another state's.
  func differences(from other: TrainingState) -> [String] {
    let (mine, theirs) = (bits, other.bits)
    return Set(mine.keys).union(theirs.keys).filter { mine[$0] != theirs[$0] }.sorted()
  }
}

/// The training error that a closure throws; nil if it throws none or another kind.
func runError(_ body: () throws -> Void) -> RunError? { thrown(by: body) }
