import Autodiff
import DifferentialEquations
import NeuralNetworks
import NormalizingFlows
import Randomness
import Tensors

/// One pass of a batch through a density model: what its layers share, and what they leave behind.
public final class DensityPass {
  /// The parameters of the model.
  public let parameters: BoundParameters
  /// The tensors that training changes other than by gradients, such as running means.
  public let buffers: ParameterSet
  /// Whether this is a training step, in which normalizations use the statistics of the batch.
  public let isTraining: Bool
  /// The probes of the divergence: each solve of the pass takes numbers of its own.
  let probes: Probes
  /// What each solve starts from, in the order of the solves.
  let startingStates: [SolverState]

  /// The new values of buffers.
  public private(set) var bufferUpdates: [(buffer: Parameter, value: Tensor)] = []
  /// Statistics of the solves so far.
  public private(set) var statistics: [SolveStatistics] = []
  /// What each solve of another batch can start warm with.
  public private(set) var solverStates: [SolverState] = []
  /// The weighted sum of the regularizers so far, `[batch]`; nil where there is none.
  public private(set) var penalty: Variable?

  /// Where the random numbers of Hutchinson's estimator come from.
  public struct Probes: Sendable {
    /// How the divergence is computed.
    public var divergence: Divergence
    /// The random numbers.
    public var stream: RandomStream
    /// The random numbers that choose the times of ``TrajectoryPolynomial``.
    public var trajectoryTimes: RandomStream
    /// The index of the batch's first sample among all that share the stream.
    public var firstSample: Int

    /// Random probes that are a function of seed, step and the sample's index.
    ///
    /// - Parameters:
    ///   - divergence: How the divergence is computed.
    ///   - seed: The run's seed.
    ///   - step: The training step, or another number that distinguishes draws for the same samples.
    ///   - firstSample: The index of the batch's first sample.
    public init(_ divergence: Divergence, seed: UInt64, step: UInt64 = 0, firstSample: Int = 0) {
      self.divergence = divergence
      stream = RandomStream(seed: seed, purpose: .divergenceProbe, step: step)
      trajectoryTimes = RandomStream(seed: seed, purpose: .trajectoryTimes, step: step)
      self.firstSample = firstSample
    }

    /// The exact divergence, which takes no random numbers.
    public static var exact: Probes { Probes(.exact, seed: 0) }
  }

  /// A pass.
  ///
  /// - Parameters:
  ///   - parameters: The parameters of the model.
  ///   - buffers: The tensors that training changes other than by gradients.
  ///   - isTraining: Whether this is a training step.
  ///   - probes: The probes of the divergence; by default it is exact.
  ///   - startingStates: What each solve starts from; by default all start cold.
  public init(
    _ parameters: BoundParameters, buffers: ParameterSet = ParameterSet(), isTraining: Bool = false,
    probes: Probes = .exact, startingStates: [SolverState] = []
  ) {
    self.parameters = parameters
    self.buffers = buffers
    self.isTraining = isTraining
    self.probes = probes
    self.startingStates = startingStates
  }

  /// Evaluations of the velocities so far, over all solves.
  public var evaluations: Int { statistics.reduce(0) { $0 + $1.evaluations } }

  /// Sets a buffer's value for the passes to come.
  public func update(_ buffer: Parameter, to value: Tensor) { bufferUpdates.append((buffer, value)) }

  /// The number of solves so far.
  var solveCount: Int { solverStates.count }

  /// The probes of a solve, `[probes, batch, dimensions]`; nil for the exact divergence.
  func probes(solve: Int, of x: Variable) -> Tensor? {
    guard probes.divergence != .exact else { return nil }
    let (batch, dimensions) = (x.shape[0], x.shape[1])
    // Each solve has a range of the stream's indices to itself, and a sample its place there, whatever batch it is in.
    let first = solve << 40 + probes.firstSample * dimensions
    return probes.divergence.probes(
      batch: batch, latent: dimensions, probes.stream, firstIndex: first, x.value.elementType)
  }

  /// The random numbers that choose the times of ``TrajectoryPolynomial``.
  var trajectoryTimes: RandomStream { probes.trajectoryTimes }

  /// What the next solve starts from.
  var nextStartingState: SolverState {
    startingStates.indices.contains(solverStates.count) ? startingStates[solverStates.count] : SolverState()
  }

  /// Takes note of a solve.
  func add(_ statistics: [SolveStatistics], _ state: SolverState) {
    self.statistics += statistics
    solverStates.append(state)
  }

  /// Adds a regularizer, `[batch]`, to the loss.
  func add(penalty term: Variable) { penalty = penalty.map { $0 + term } ?? term }
}

extension RandomPurpose {
  /// The times of ``TrajectoryPolynomial``.
  public static let trajectoryTimes = RandomPurpose(14)
}
