import DifferentialEquations
import Foundation
import ImageDatasets
import Inference
import Kernels
import NeuralNetworks
import NormalizingFlows
import Profiling
import Randomness
import Runs
import Tensors
import VariationalAutoencoder

/// Times training steps, or evaluations of the bound: as a whole, and part by part.
///
/// On images of noise and initial parameters all runs of one configuration do the same work. Trained parameters and real
/// images show what a step costs later on, where solves take more evaluations.
public struct Benchmark: Sendable {
  /// The measurement of one part of a step, in one direction.
  public struct Part: Sendable, Codable {
    /// The name of the part.
    public let part: String
    /// `forward` or `backward`.
    public let direction: String
    /// The time, the operations and the memory traffic.
    public let reading: Profiler.Reading
    /// The least time in seconds that the work could take on this machine.
    public let limit: Double
  }

  /// The results of a benchmark.
  public struct Report: Sendable, Codable {
    /// The seconds of each step or batch, in their order.
    public var seconds: [Double] = []
    /// Evaluations of the velocity in the forward pass, the mean over steps.
    public var evaluationsForward = 0.0
    /// Evaluations of the velocity in the backward pass, the mean over steps.
    public var evaluationsBackward = 0.0
    /// The parts of a step, in the order of the computation; means over steps.
    public var parts: [Part] = []
    /// The limits of this machine: arithmetic and memory traffic per second.
    public var limits: Roofline
    /// The peak resident memory of the process so far, in bytes.
    public var peakBytes = 0
    /// Page faults per step, the mean over steps; they come from memory that was not kept for reuse.
    public var pageFaults = 0.0
    /// The number of threads.
    public var threads = Compute.threads

    /// The median of ``seconds``.
    public var median: Double { seconds.median ?? 0 }
  }

  private let configuration: TrainingConfiguration
  private let images: GreyImages
  /// The parameters to begin with; nil for random ones.
  private let parameters: ParameterSet?
  private let isDynamicallyBinarized: Bool

  /// A benchmark of a configuration, whose dataset is replaced by noise.
  ///
  /// - Throws: `RunError.invalidValue`; `RunError.invalidConfiguration`; `RunError.notEnoughMemory`
  public init(_ configuration: TrainingConfiguration) throws(RunError) {
    var configuration = configuration
    // The size and the likelihood of the dataset's images, which are not read.
    if let dataset = DatasetCatalog.known(configuration.dataset) {
      configuration = configuration.fitted(height: dataset.height, width: dataset.width, dataset.pixels)
    }
    try configuration.validate()
    try MemoryEstimate.training(configuration).require(for: "a training step")
    let count = configuration.batchSize * configuration.model.imageHeight * configuration.model.imageWidth
    let pixels = RandomStream(seed: configuration.seed, purpose: .benchmark).uniforms(0..<count)
    images = GreyImages(
      height: configuration.model.imageHeight, width: configuration.model.imageWidth,
      pixels: configuration.model.likelihood.likelihood.pixels == .binary ? pixels.map { $0 < 0.15 ? 1 : 0 } : pixels)
    self.configuration = configuration
    (parameters, isDynamicallyBinarized) = (nil, false)
  }

  /// A benchmark of a trained model on the first images of its training.
  ///
  /// - Throws: `RunError.invalidConfiguration`; `RunError.notEnoughMemory`; `RunError.unusableImages`
  public init(_ state: TrainingState, on dataset: ImageDataset) throws(RunError) {
    configuration = state.configuration.fitted(to: dataset)
    try configuration.validate()
    try MemoryEstimate.training(configuration).require(for: "a training step")
    guard dataset.train.count > 0 else { throw .unusableImages("\(dataset.name) has no images to train on") }
    images = dataset.train.prefix(configuration.batchSize)
    parameters = state.parameters
    isDynamicallyBinarized = dataset.isTrainBinarizedDynamically
  }

  /// A model and its initial state. They are not stored here, since a copy would count as memory of the measured steps.
  private func makeState() throws(RunError) -> (VariationalAutoencoder, TrainingState) {
    let (model, random) = VariationalAutoencoder.make(
      configuration.model, seed: configuration.seed, solver: try configuration.solverOptions(),
      gradient: configuration.gradient)
    if let parameters {
      precondition(parameters.parameters == random.parameters, "benchmark: parameters of another model")
    }
    return (model, TrainingState(configuration: configuration, parameters: parameters ?? random))
  }

  /// Times training steps.
  ///
  /// - Parameters:
  ///   - steps: The number of timed steps.
  ///   - untimed: The number of untimed steps before them.
  /// - Throws: `RunError`
  public func training(steps: Int, untimed: Int) throws(RunError) -> Report {
    let (model, initial) = try makeState()
    var state = consume initial
    let step = TrainingStep(
      model: model, images: images, isDynamicallyBinarized: isDynamicallyBinarized,
      plan: BatchPlan(imageCount: images.count, batchSize: images.count, seed: configuration.seed))
    let order = Array(0..<images.count)
    return try measure(repeats: steps, untimed: untimed) { () throws(RunError) in
      try step.take(&state, order: order).0
    }
  }

  /// Times evaluations of the bound of one batch.
  ///
  /// - Parameters:
  ///   - divergence: How the divergence is computed.
  ///   - repeats: The number of timed evaluations.
  ///   - untimed: The number of untimed evaluations before them.
  /// - Throws: `RunError`
  public func evaluation(divergence: Divergence, repeats: Int, untimed: Int) throws(RunError) -> Report {
    let (model, state) = try makeState()
    let evaluator = Evaluator(
      configuration, model: model, parameters: state.parameters, divergence: divergence, batchSize: images.count)
    var solverState = SolverState()
    return try measure(repeats: repeats, untimed: untimed) { () throws(RunError) in
      let result = try evaluator.evaluate(images, startingFrom: solverState)
      solverState = result.solverState
      return result.metrics.mean
    }
  }

  private func measure(
    repeats: Int, untimed: Int, _ body: () throws(RunError) -> Metrics
  ) throws(RunError) -> Report {
    var seconds: [Double] = []
    var (forward, backward) = (0.0, 0.0)
    for _ in 0..<untimed { _ = try body() }
    let faults = ProcessUsage().pageFaults
    let readings = try Profiler.measuring { () throws(RunError) in
      for _ in 0..<repeats {
        let start = ContinuousClock.now
        let metrics = try body()
        seconds.append((ContinuousClock.now - start) / .seconds(1))
        forward += metrics.evaluationsForward / Double(repeats)
        backward += metrics.evaluationsBackward / Double(repeats)
      }
    }
    let usage = ProcessUsage()
    // The machine's limits are measured last, since that takes memory of its own.
    var report = Report(
      seconds: seconds, evaluationsForward: forward, evaluationsBackward: backward, limits: .measured(),
      peakBytes: usage.peakBytes, pageFaults: Double(usage.pageFaults - faults) / Double(repeats))
    for direction in Profiler.Direction.allCases {
      for (place, total) in readings where place.direction == direction {
        let reading = total.divided(by: repeats)
        report.parts.append(
          Part(
            part: place.part.name, direction: "\(direction)", reading: reading,
            limit: report.limits.leastSeconds(of: reading)))
      }
    }
    return report
  }
}

extension Profiler.Reading {
  fileprivate func divided(by count: Int) -> Self {
    var mean = self
    mean.seconds /= Double(count)
    mean.operations /= count
    mean.floatOperations /= count
    mean.lowPrecisionOperations /= count
    mean.cachedBytes /= count
    mean.memoryBytes /= count
    return mean
  }
}

extension RandomPurpose {
  /// Images of noise, to measure with.
  public static let benchmark = RandomPurpose(13)
}
