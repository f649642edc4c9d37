import Files
import NeuralNetworks
import VariationalAutoencoder

/// An estimate of the least memory that a task takes, part by part, for comparison with the available memory
/// beforehand.
///
/// Parameters, moments, gradients and masks are counted exactly. Activations are those that a step keeps for its
/// backward pass if its solves take as few evaluations of the velocity as possible; later in a run there are more.
public struct MemoryEstimate: Sendable {
  /// What the memory is for, and its size in bytes.
  public let parts: [(name: String, byteCount: Int)]

  package init(parts: [(name: String, byteCount: Int)]) { self.parts = parts.filter { $0.byteCount > 0 } }

  /// The size of all parts together, in bytes.
  public var byteCount: Int { parts.reduce(0) { Self.sum($0, $1.byteCount) } }

  /// The memory of a run.
  ///
  /// - Parameters:
  ///   - configuration: The configuration, fitted to the size of the images.
  ///   - imageCount: The number of training images; nil where it is not known.
  ///   - isStateHeld: Whether parameters and moments are already in memory, and not counted.
  public static func training(
    _ configuration: TrainingConfiguration, imageCount: Int? = nil, isStateHeld: Bool = false
  ) -> MemoryEstimate {
    let layout = VariationalAutoencoder.layout(configuration.model)
    let state = [
      ("parameters", bytes(layout.count)), ("moments", bytes(2, layout.count)), ("masks", bytes(layout.constantCount)),
      ("averages", configuration.average == nil ? 0 : bytes(layout.count)),
    ]
    // The outer-product gradient of a large head on the features is never in memory as a dense matrix.
    let formed = layout.parameters.filter { !isHead($0) || $0.shape.reduce(1, product) < 1 << 20 }
    let gradients = formed.reduce(0) { sum($0, bytes($1.shape.reduce(1, product))) }
    let activations = Activations(of: configuration.model, layout)
    let evaluations = (try? configuration.solverOptions())?.leastKeptEvaluations(configuration.gradient) ?? 0
    let batchSize = min(configuration.batchSize, imageCount ?? .max, configuration.limitTrain ?? .max)
    let stepSize = configuration.generatedWeight > 0 ? product(2, batchSize) : batchSize
    return MemoryEstimate(
      parts: (isStateHeld ? [] : state) + [
        // Masked weights are computed in each forward pass, and kept for the backward pass.
        ("gradients", sum(gradients, bytes(layout.constantCount))),
        (
          "activations of \(stepSize) images",
          bytes(stepSize, activations.perImage(evaluations: evaluations))
        ),
      ])
  }

  /// The memory of evaluating images in batches, without that of the parameters: the input and output of one layer at
  /// a time.
  public static func evaluating(_ model: ModelConfiguration, batchSize: Int) -> MemoryEstimate {
    let layout = VariationalAutoencoder.layout(model)
    return MemoryEstimate(parts: [
      (
        "activations of \(batchSize) images",
        bytes(batchSize, Activations(of: model, layout).perImageAtATime)
      )
    ])
  }

  /// Checks that this much memory is available.
  ///
  /// - Parameter purpose: What the memory is for, as the subject of "needs".
  /// - Throws: ``RunError/notEnoughMemory(_:needed:available:)``
  public func require(for purpose: String) throws(RunError) {
    guard let available = AvailableMemory().byteCount, byteCount > available else { return }
    let listed = parts.map { "\($0.name) \(MemoryLimit.words($0.byteCount))" }.joined(separator: ", ")
    throw .notEnoughMemory(
      "\(purpose) needs at least \(MemoryLimit.words(byteCount)) (\(listed))", needed: byteCount, available: available)
  }

  /// Whether a parameter is the weight of a linear head on the encoder's features.
  static func isHead(_ parameter: Parameter) -> Bool {
    parameter.shape.count == 2 && parameter.shape[1] == Encoder.features
  }

  /// The size of a product of counts of single-precision numbers: four bytes each.
  package static func bytes(_ counts: Int...) -> Int { counts.reduce(4, product) }

  package static func sum(_ a: Int, _ b: Int) -> Int {
    let (sum, isOverflow) = a.addingReportingOverflow(b)
    return isOverflow ? .max : sum
  }

  package static func product(_ a: Int, _ b: Int) -> Int {
    let (product, isOverflow) = a.multipliedReportingOverflow(by: b)
    return isOverflow ? .max : product
  }
}

/// The number of activations that a pass computes and keeps for each image.
private struct Activations {
  private let convolutions: Int
  private let largestConvolution: Int
  private let heads: Int
  private let flow: PosteriorActivations

  init(of model: ModelConfiguration, _ layout: ParameterLayout) {
    let area = model.imageHeight * model.imageWidth
    let parameters = model.likelihood.likelihood.parametersPerPixel
    // Channels times pixels of each layer of encoder and decoder, and for each its value, gate, and their product.
    let encoder = 32 * area + (32 + 64) * area / 4 + 2 * 64 * area / 16
    let decoder = 2 * 64 * area / 16 + 2 * 32 * area / 4 + 2 * 32 * area
    convolutions = 3 * (encoder + decoder) + 2 * area * parameters
    // An input of 32 channels, and as many of value, gate and product; or twice the parameters of each pixel.
    largestConvolution = max(2 * parameters, 4 * 32) * area
    heads = layout.parameters.reduce(0) {
      MemoryEstimate.isHead($1) ? MemoryEstimate.sum($0, $1.shape[0]) : $0
    }
    flow = model.posterior.activations(model)
  }

  /// The activations at the largest layer of a pass that keeps nothing.
  var perImageAtATime: Int { max(largestConvolution, heads) }

  func perImage(evaluations: Int) -> Int {
    MemoryEstimate.sum(convolutions + heads + flow.flow, MemoryEstimate.product(flow.evaluation, evaluations))
  }
}
