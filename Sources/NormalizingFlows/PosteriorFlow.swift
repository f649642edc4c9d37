import Autodiff
import Communication
import DifferentialEquations
import NeuralNetworks
import Randomness
import Tensors

/// The source of the probes of the divergence: for each block `[probes, batch, latent]`, or nil for the exact
/// divergence.
public struct ProbeSource: Sendable {
  let probes: @Sendable (_ block: Int, _ batch: Int, _ latent: Int, _ type: ElementType) -> Tensor?

  /// Random probes that are a function of seed, step, block and image index: part of a batch gets the probes that it
  /// would have had in the whole batch.
  ///
  /// - Parameters:
  ///   - divergence: How the divergence is computed.
  ///   - seed: The run's seed.
  ///   - step: The training step, or another number that distinguishes draws for the same images.
  ///   - firstImage: The index of the batch's first image.
  public init(_ divergence: Divergence, seed: UInt64, step: UInt64 = 0, firstImage: Int = 0) {
    probes = { block, batch, latent, type in
      guard divergence != .exact else { return nil }
      let stream = RandomStream(
        seed: seed, purpose: .divergenceProbe, step: step &* 1024 &+ UInt64(block))
      return divergence.probes(batch: batch, latent: latent, stream, firstIndex: firstImage * latent, type)
    }
  }

  /// The given probes, `[probes, batch, latent]` for each block.
  public init(_ tensors: [Tensor]) {
    probes = { block, _, _, _ in tensors[block] }
  }
}

/// A flow that transforms a sample of a simple posterior into a sample of a richer one: z0 -> zT, given the features of
/// the image x.
///
/// A flow made of layers conforms to ``FiniteFlow``, which takes no probes and throws nothing.
public protocol PosteriorFlow: Sendable {
  /// Transforms z0 to zT.
  ///
  /// - Parameters:
  ///   - z0: A sample of q(z0 given x), `[batch, latent]`.
  ///   - features: The encoder's output, `[batch, features]`.
  ///   - parameters: The model's parameters.
  ///   - probes: The probes of the divergence; used by continuous flows alone.
  /// - Returns: zT, `[batch, latent]`, and log q(zT given x) - log q(z0 given x), `[batch]` in nats.
  /// - Throws: `SolveError` of a flow that solves a differential equation.
  func forward(
    _ z0: Variable, features: Variable, _ parameters: BoundParameters, _ probes: ProbeSource
  ) throws(SolveError) -> FlowOutput

  /// Transforms zT back to z0.
  ///
  /// The inverse of a continuous flow is differentiable; that of a ``FiniteFlow`` is a constant.
  ///
  /// - Parameters:
  ///   - zT: `[batch, latent]`
  ///   - features: The encoder's output, `[batch, features]`.
  ///   - parameters: The model's parameters.
  ///   - probes: The probes of the divergence; used by continuous flows alone.
  /// - Returns: z0, `[batch, latent]`, and log q(z0 given x) - log q(zT given x), `[batch]` in nats.
  /// - Throws: `SolveError` of a flow that solves a differential equation.
  func inverse(
    _ zT: Variable, features: Variable, _ parameters: BoundParameters, _ probes: ProbeSource
  ) throws(SolveError) -> FlowOutput

  /// Whether the flow has solves with adaptive steps, which can start warm: see ``starting(from:)``.
  var canStartWarm: Bool { get }

  /// This flow with solves that start from what those of another batch learned, its ``FlowOutput/solverState``. A flow
  /// without solves is unchanged.
  func starting(from solverState: SolverState) -> Self

  /// This flow with another absolute and relative tolerance of its solves; a flow without solves is unchanged.
  func solving(toTolerance tolerance: Double) -> Self

  /// This flow without the change of the log-density, which most of the work of a continuous flow goes into: its outputs'
  /// ``FlowOutput/deltaLogDensity`` is NaN. A flow to which it comes free is unchanged.
  var withoutDensity: Self { get }

  /// This flow for this rank's part of a batch, of which other ranks have the rest: its solves take the steps that the whole
  /// batch would. A flow without solves is unchanged.
  func forPart(of batch: BatchShare) -> Self

  /// The parameters of linear layers on the features whose rows ranks may divide among them: each then has its rows alone, and
  /// passes are those of ``forPart(of:)``.
  var divisibleParameters: [Parameter] { get }

  /// This flow for images of the given features alone: what depends on them, and not on z, is computed once for any number
  /// of samples. A flow for which nothing does is unchanged.
  ///
  /// - Parameters:
  ///   - features: The encoder's output, `[batch, features]`. Passes are given the same.
  ///   - parameters: The model's parameters, constants. Passes are given the same.
  func prepared(for features: Variable, _ parameters: BoundParameters) -> Self
}

/// Defaults for flows without solves.
extension PosteriorFlow {
  /// False: there are no solves.
  public var canStartWarm: Bool { false }

  /// The flow, unchanged.
  public func starting(from solverState: SolverState) -> Self { self }

  /// The flow, unchanged.
  public func solving(toTolerance tolerance: Double) -> Self { self }

  /// The flow, unchanged.
  public var withoutDensity: Self { self }

  /// The flow, unchanged.
  public func forPart(of batch: BatchShare) -> Self { self }

  /// None.
  public var divisibleParameters: [Parameter] { [] }

  /// The flow, unchanged.
  public func prepared(for features: Variable, _ parameters: BoundParameters) -> Self { self }
}

extension Variable {
  /// A constant of zero for each row of z `[batch, latent]`, `[batch]`, such as the change of the log-density before any
  /// flow.
  package static func zeros(ofRowsOf z: Variable) -> Variable {
    Variable(Tensor(zeros: [z.shape[0]], z.value.elementType))
  }

  /// NaN, `[batch]`: a change of the log-density that nobody asked for, for z `[batch, latent]`.
  static func unknownChange(of z: Variable) -> Variable {
    let unknown = [Double](repeating: .nan, count: z.shape[0])
    return Variable(Tensor(unknown, shape: [z.shape[0]]).converted(to: z.value.elementType))
  }
}
