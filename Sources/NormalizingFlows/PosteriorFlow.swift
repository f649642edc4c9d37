import Autodiff
import DifferentialEquations
import NeuralNetworks
import Tensors

/// Where the probes of the divergence come from: `[probes, batch, latent]` for a block; none for the exact divergence.
public struct ProbeSource: Sendable {
  let probes: @Sendable (_ block: Int, _ batch: Int, _ latent: Int, _ type: ElementType) -> Tensor?

  /// Probes that are a function of the seed, the step, the block, and the image's place: a part of a batch gets those
  /// that the whole would have given it.
  ///
  /// - Parameters:
  ///   - step: A training step, or whatever tells draws for the same images apart.
  ///   - firstImage: The place of the batch's first image.
  public init(_ divergence: Divergence, seed: UInt64, step: UInt64 = 0, firstImage: Int = 0) {
    probes = { block, batch, latent, type in
      guard divergence != .exact else { return nil }
      let stream = RandomStream(
        seed: seed, purpose: .divergenceProbe, step: step &* 1024 &+ UInt64(block))
      return divergence.probes(batch: batch, latent: latent, stream, firstIndex: firstImage * latent, type)
    }
  }

  /// Given probes, `[probes, batch, latent]` for each block.
  public init(_ tensors: [Tensor]) {
    probes = { block, _, _, _ in tensors[block] }
  }
}

/// A flow that turns a sample of a simple posterior into one of a richer: z0 -> zT, given the image's features.
public protocol PosteriorFlow: Sendable {
  /// - Parameters:
  ///   - z0: `[batch, latent]`
  ///   - features: The encoder's output, `[batch, features]`.
  ///   - parameters: The model's parameters.
  ///   - probes: For flows that estimate a divergence.
  /// - Returns: zT and log q(zT given x) - log q(z0 given x).
  /// - Throws: ``SolveError`` of a flow that solves a differential equation.
  func forward(
    _ z0: Variable, features: Variable, _ parameters: BoundParameters, _ probes: ProbeSource
  ) throws(SolveError) -> FlowOutput

  /// zT -> z0, and log q(z0 given x) - log q(zT given x).
  ///
  /// Of the flows that are made of layers, the result is a constant: their inverse is the solution of an equation, found
  /// number by number, and no gradient flows through it. That of a continuous flow is differentiable.
  ///
  /// - Parameter zT: `[batch, latent]`
  /// - Throws: ``SolveError`` of a flow that solves a differential equation.
  func inverse(
    _ zT: Variable, features: Variable, _ parameters: BoundParameters, _ probes: ProbeSource
  ) throws(SolveError) -> FlowOutput

  /// Whether there are solves whose step sizes follow an error estimate, which ``startingWarm(_:)`` can spare the search
  /// for the first one.
  var canStartWarm: Bool { get }

  /// This flow with solves that start warm, each with the step size for its place in `steps`, as
  /// ``FlowOutput/sustainableSteps`` of another batch gives them; as it is where there is none, or nothing to solve.
  func startingWarm(_ steps: [Double]) -> Self

  /// This flow with solves of another absolute and relative tolerance; as it is where there is nothing to solve.
  func solving(toTolerance tolerance: Double) -> Self
}

extension PosteriorFlow {
  public var canStartWarm: Bool { false }
  public func startingWarm(_ steps: [Double]) -> Self { self }
  public func solving(toTolerance tolerance: Double) -> Self { self }
}

/// The posterior stays as the encoder makes it: a Gaussian with diagonal covariance.
public struct IdentityFlow: PosteriorFlow {
  public init() {}

  public func forward(
    _ z0: Variable, features: Variable, _ parameters: BoundParameters, _ probes: ProbeSource
  ) throws(SolveError) -> FlowOutput {
    FlowOutput(z: z0, deltaLogDensity: .noChange(of: z0))
  }

  public func inverse(
    _ zT: Variable, features: Variable, _ parameters: BoundParameters, _ probes: ProbeSource
  ) throws(SolveError) -> FlowOutput {
    FlowOutput(z: zT, deltaLogDensity: .noChange(of: zT))
  }
}

extension Variable {
  /// Zeros `[batch]`: the change of the log-density before any flow, for z `[batch, latent]`.
  static func noChange(of z: Variable) -> Variable {
    Variable(Tensor(zeros: [z.shape[0]], z.value.elementType))
  }
}
