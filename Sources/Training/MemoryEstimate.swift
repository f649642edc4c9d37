import DifferentialEquations
import Files
import NeuralNetworks
import Safetensors
import VariationalAutoencoder

/// About how much memory something will take at least, part by part, to be compared with what there is before it starts.
///
/// What does not depend on the course of training is counted: parameters, moments, gradients, masks. Activations are
/// those that a step keeps for its backward pass with as few evaluations of the velocity as a solve can take; later in a
/// run there are more.
public struct MemoryEstimate: Sendable {
  /// In bytes, by what they are for.
  public let parts: [(name: String, byteCount: Int)]

  init(parts: [(name: String, byteCount: Int)]) { self.parts = parts.filter { $0.byteCount > 0 } }

  /// In bytes, all parts together.
  public var byteCount: Int { parts.reduce(0) { Self.sum($0, $1.byteCount) } }

  /// Of a run with a configuration whose model has the sizes of the images.
  ///
  /// - Parameter isStateHeld: Whether parameters and moments are in memory already.
  public static func training(_ configuration: TrainingConfiguration, isStateHeld: Bool = false) -> MemoryEstimate {
    let layout = VariationalAutoencoder.layout(configuration.model)
    let state = [
      ("parameters", bytes(layout.count)), ("moments", bytes(2, layout.count)), ("masks", bytes(layout.constantCount)),
      ("averages", configuration.average == nil ? 0 : bytes(layout.count)),
    ]
    // A head on the features whose weights are many has its gradient formed a part at a time.
    let formed = layout.parameters.filter { !isHead($0) || $0.shape.reduce(1, product) < 1 << 20 }
    let gradients = formed.reduce(0) { sum($0, bytes($1.shape.reduce(1, product))) }
    let activations = Activations(of: configuration.model, layout)
    return MemoryEstimate(
      parts: (isStateHeld ? [] : state) + [
        // Masked weights are formed for each pass, and kept for the backward one.
        ("gradients", sum(gradients, bytes(layout.constantCount))),
        (
          "activations of \(configuration.batchSize) images",
          bytes(configuration.batchSize, activations.perImage(evaluations: keptEvaluations(configuration)))
        ),
      ])
  }

  /// Of evaluating images in batches, the parameters being in memory already: a layer's input and output at a time.
  public static func evaluating(_ model: ModelConfiguration, batchSize: Int) -> MemoryEstimate {
    let layout = VariationalAutoencoder.layout(model)
    return MemoryEstimate(parts: [
      (
        "activations of \(batchSize) images",
        bytes(batchSize, Activations(of: model, layout).perImageAtATime)
      )
    ])
  }

  /// Goes on where there is as much memory.
  ///
  /// - Parameter purpose: What the memory is for, as a subject of "needs".
  /// - Throws: ``TrainingError/notEnoughMemory(_:needed:available:)``
  public func require(for purpose: String) throws(TrainingError) {
    guard let available = AvailableMemory().byteCount, byteCount > available else { return }
    let listed = parts.map { "\($0.name) \(MemoryLimit.words($0.byteCount))" }.joined(separator: ", ")
    throw .notEnoughMemory(
      "\(purpose) needs at least \(MemoryLimit.words(byteCount)) (\(listed))", needed: byteCount, available: available)
  }

  /// A linear layer on the encoder's features.
  static func isHead(_ parameter: Parameter) -> Bool {
    parameter.shape.count == 2 && parameter.shape[1] == Encoder.features
  }

  /// How many evaluations of each block's velocity a step keeps for its backward pass: of an adaptive solver one step's, as
  /// many as there are stages.
  private static func keptEvaluations(_ configuration: TrainingConfiguration) -> Int {
    guard let method = ButcherTableau.named(configuration.solver) else { return 0 }
    guard configuration.gradient == .direct, !method.isAdaptive else { return method.stages }
    return product(configuration.solverSteps, method.stages)
  }

  /// Four bytes a number.
  static func bytes(_ counts: Int...) -> Int { counts.reduce(4, product) }

  static func sum(_ a: Int, _ b: Int) -> Int {
    let (sum, isOverflow) = a.addingReportingOverflow(b)
    return isOverflow ? .max : sum
  }

  static func product(_ a: Int, _ b: Int) -> Int {
    let (product, isOverflow) = a.multipliedReportingOverflow(by: b)
    return isOverflow ? .max : product
  }
}

/// The numbers that a pass makes of an image and keeps.
private struct Activations {
  private let convolutions: Int
  private let largestConvolution: Int
  private let heads: Int
  private let flow: Int
  private let evaluation: Int

  init(of model: ModelConfiguration, _ layout: ParameterLayout) {
    let area = model.imageHeight * model.imageWidth
    // Encoder and decoder: channels times pixels of each layer; value, gate, and their product.
    let encoder = 32 * area + (32 + 64) * area / 4 + 2 * 64 * area / 16
    let decoder = 2 * 64 * area / 16 + 2 * 32 * area / 4 + 2 * 32 * area
    convolutions = 3 * (encoder + decoder) + 2 * area * (model.likelihood == .categorical ? 256 : 1)
    // 32 channels go in, and come out as value, gate and product; or 256 logits a pixel, twice.
    largestConvolution = (model.likelihood == .categorical ? 2 * 256 : 4 * 32) * area
    heads = layout.parameters.reduce(0) {
      MemoryEstimate.isHead($1) ? MemoryEstimate.sum($0, $1.shape[0]) : $0
    }
    switch model.flow {
    case .ffjord:
      flow = 0
      // Value and tangent of each layer before its activation and after it, and the activation's derivative.
      evaluation = 2 * 3 * (model.hidden.reduce(0, +) + model.latent) * model.blocks
    case .iaf: (flow, evaluation) = (model.flows * (4 * model.maskedWidth + 6 * model.latent), 0)
    default: (flow, evaluation) = (model.flows * 4 * model.latent, 0)
    }
  }

  /// At the largest layer, of a pass that keeps nothing.
  var perImageAtATime: Int { max(largestConvolution, heads) }

  func perImage(evaluations: Int) -> Int {
    MemoryEstimate.sum(convolutions + heads + flow, MemoryEstimate.product(evaluation, evaluations))
  }
}
