import Kernels
import Foundation
import ImageDatasets
import NeuralNetworks
import NormalizingFlows
import Tensors
import VariationalAutoencoder

/// Times training steps, or evaluations of the bound, on images of noise: whole, and part by part.
///
/// What the images show does not matter to the time; initial parameters make every run of one configuration do the same
/// work.
public struct Benchmark: Sendable {
  /// A part's share of one step.
  public struct Part: Sendable, Codable {
    public let part: String
    public let direction: String
    public let reading: Profiler.Reading
    /// The least seconds that the work could take on this machine.
    public let limit: Double
  }

  /// What was measured.
  public struct Report: Sendable, Codable {
    /// Of each step or batch, in the order they were taken.
    public var seconds: [Double] = []
    public var evaluationsForward = 0.0
    public var evaluationsBackward = 0.0
    /// Means over the steps, in the order of the computation.
    public var parts: [Part] = []
    public var limits: Roofline
    /// The greatest resident memory of the process so far.
    public var peakBytes = 0
    /// Page faults a step, on average: memory that was not kept for reuse.
    public var pageFaults = 0.0
    public var threads = Compute.threads

    /// The median of the seconds.
    public var median: Double {
      let sorted = seconds.sorted()
      guard !sorted.isEmpty else { return 0 }
      let middle = sorted.count / 2
      return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
  }

  private let configuration: TrainingConfiguration
  private let images: GreyImages

  /// - Throws: ``TrainingError/invalidConfiguration(_:)``
  public init(_ configuration: TrainingConfiguration) throws(TrainingError) {
    var configuration = configuration
    // The sizes and the likelihood that the dataset's images would bring.
    if configuration.dataset == "freyfaces" {
      configuration.model.imageWidth = 20
      configuration.model.likelihood = .categorical
    }
    try configuration.validate()
    try MemoryEstimate.training(configuration).require(for: "a training step")
    let count = configuration.batchSize * configuration.model.imageHeight * configuration.model.imageWidth
    let pixels = RandomStream(seed: configuration.seed, purpose: .benchmark).uniforms(0..<count)
    images = GreyImages(
      height: configuration.model.imageHeight, width: configuration.model.imageWidth,
      pixels: configuration.model.likelihood == .bernoulli ? pixels.map { $0 < 0.15 ? 1 : 0 } : pixels)
    self.configuration = configuration
  }

  /// A model and its initial state; not kept here, since a copy would count as memory of what is measured.
  private func makeState() throws(TrainingError) -> (VariationalAutoencoder, TrainingState) {
    let (model, parameters) = VariationalAutoencoder.make(
      configuration.model, seed: configuration.seed, solver: try configuration.solverOptions(),
      gradient: configuration.gradient)
    let state = TrainingState(configuration: configuration, parameters: parameters)
    return (model, state)
  }

  /// Takes training steps, `warmup` of them untimed.
  ///
  /// - Throws: ``TrainingError``
  public func training(steps: Int, warmup: Int) throws(TrainingError) -> Report {
    let (model, initial) = try makeState()
    var state = consume initial
    let step = TrainingStep(
      model: model, images: images, isDynamicallyBinarized: false,
      plan: BatchPlan(imageCount: images.count, batchSize: images.count, seed: configuration.seed))
    let order = Array(0..<images.count)
    return try measure(repeats: steps, warmup: warmup) { () throws(TrainingError) in
      try step.take(&state, order: order).0
    }
  }

  /// Evaluates the bound of one batch, over and over.
  ///
  /// - Throws: ``TrainingError``
  public func evaluation(divergence: Divergence, repeats: Int, warmup: Int) throws(TrainingError) -> Report {
    let (model, state) = try makeState()
    let evaluator = Evaluator(
      configuration, model: model, parameters: state.parameters, divergence: divergence, batchSize: images.count)
    var solveSteps: [Double] = []
    return try measure(repeats: repeats, warmup: warmup) { () throws(TrainingError) in
      let result = try evaluator.evaluate(images, startingWith: solveSteps)
      solveSteps = result.solveSteps
      return result.metrics.mean
    }
  }

  private func measure(
    repeats: Int, warmup: Int, _ body: () throws(TrainingError) -> Metrics
  ) throws(TrainingError) -> Report {
    var seconds: [Double] = []
    var (forward, backward) = (0.0, 0.0)
    for _ in 0..<warmup { _ = try body() }
    let faults = Self.usage.ru_minflt
    let readings = try Profiler.measuring { () throws(TrainingError) in
      for _ in 0..<repeats {
        let start = ContinuousClock.now
        let metrics = try body()
        seconds.append((ContinuousClock.now - start).inSeconds)
        forward += metrics.evaluationsForward / Double(repeats)
        backward += metrics.evaluationsBackward / Double(repeats)
      }
    }
    let after = Self.usage
    // Measured last: they need memory of their own.
    var report = Report(
      seconds: seconds, evaluationsForward: forward, evaluationsBackward: backward, limits: .measured(),
      peakBytes: after.ru_maxrss << 10, pageFaults: Double(after.ru_minflt - faults) / Double(repeats))
    for direction in Profiler.Direction.allCases {
      let parts = Profiler.Part.allCases
      for part in direction == .forward ? parts : parts.reversed() {
        guard let reading = readings[.init(part: part, direction: direction)]?.divided(by: repeats) else { continue }
        report.parts.append(
          Part(
            part: "\(part)", direction: "\(direction)", reading: reading,
            limit: report.limits.leastSeconds(of: reading)))
      }
    }
    return report
  }

  private static var usage: rusage {
    var usage = rusage()
    #if canImport(Glibc)
      getrusage(RUSAGE_SELF.rawValue, &usage)
    #else
      getrusage(RUSAGE_SELF, &usage)
    #endif
    return usage
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
