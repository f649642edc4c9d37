import DifferentialEquations
import NeuralNetworks
import NormalizingFlows

/// A kind of posterior, all in one place: its options, its flow, what is said of it, and its state dict in PyTorch.
///
/// To add one, describe it in a file of its own, and give it a case of ``PosteriorKind``.
public protocol PosteriorDescription: Sendable {
  /// The flow that transforms the encoder's Gaussian.
  associatedtype Flow: PosteriorFlow

  /// Its options. Each checks its own value.
  var options: [any AnyModelOption] { get }

  /// Why options of valid values do not fit together; nil where they do.
  func validationError(_ model: ModelConfiguration) -> InvalidValue?

  /// Sets its options to those of a preset.
  func setSizes(_ size: PosteriorSize, of model: inout ModelConfiguration)

  /// Adds the flow's parameters to a builder.
  ///
  /// - Parameters:
  ///   - model: A valid configuration.
  ///   - features: The number of the encoder's features.
  ///   - solver: How differential equations are solved.
  ///   - gradient: How those solves are differentiated.
  ///   - builder: What makes the parameters.
  func flow(
    _ model: ModelConfiguration, features: Int, solver: SolverOptions, gradient: AdjointMethod,
    in builder: inout ParameterBuilder
  ) -> Flow

  /// The numbers that a training step keeps for its backward pass.
  func activations(_ model: ModelConfiguration) -> PosteriorActivations

  /// A phrase that describes it and its sizes, such as "16 planar flows".
  func summary(_ model: ModelConfiguration) -> String

  /// Its sizes in few characters, for the column of a table, such as "×16"; they follow the name of its kind.
  func label(_ model: ModelConfiguration) -> String

  /// Further choices, each in a word or two.
  func details(_ model: ModelConfiguration) -> [String]

  /// Its row in the published table of results; nil where it has none.
  var publishedMethod: PublishedMethod? { get }

  /// The last parts of the names of its buffers: tensors of the published state dict that are no parameters.
  var bufferNames: [String] { get }

  /// Its buffers, with the values of a new module.
  func buffers(_ model: ModelConfiguration) -> [StateDictBuffer]

  /// Infers its options from a published state dict.
  ///
  /// - Parameters:
  ///   - model: The configuration whose options are set, whose image sizes and latent dimensions are right already.
  ///   - stateDict: The names and shapes of the tensors.
  /// - Returns: What these leave open, and how it was chosen; nil where the state dict has another kind of posterior.
  func infer(_ model: inout ModelConfiguration, from stateDict: StateDictOutline) -> [InferenceNote]?

  /// Sets options that buffers hold, such as end times, as far as they differ.
  func readBuffers(_ model: inout ModelConfiguration, from stateDict: StateDictOutline)

  /// Why a state dict of this kind is not supported; nil where it may be.
  func unsupported(_ stateDict: StateDictOutline) -> String?

  /// A possible cause why tensors do not fit the model that was inferred; nil where names and shapes determine it.
  func mismatchCause(_ model: ModelConfiguration) -> String?

  /// Why the published code has no module for a model; nil where it has one.
  func exportError(_ model: ModelConfiguration) -> String?
}

/// What most kinds of posterior have in common.
extension PosteriorDescription {
  public func validationError(_ model: ModelConfiguration) -> InvalidValue? { nil }
  public func setSizes(_ size: PosteriorSize, of model: inout ModelConfiguration) {}
  public func details(_ model: ModelConfiguration) -> [String] { [] }
  public var publishedMethod: PublishedMethod? { nil }
  public var bufferNames: [String] { [] }
  public func buffers(_ model: ModelConfiguration) -> [StateDictBuffer] { [] }
  public func readBuffers(_ model: inout ModelConfiguration, from stateDict: StateDictOutline) {}
  public func unsupported(_ stateDict: StateDictOutline) -> String? { nil }
  public func mismatchCause(_ model: ModelConfiguration) -> String? { nil }
  public func exportError(_ model: ModelConfiguration) -> String? { nil }
}

extension PosteriorDescription {
  /// Whether its flow carries the score, from which the path gradient is taken.
  public var hasPathGradient: Bool { Flow.self is any ScoredFlow.Type }

  /// Whether its flow solves a differential equation.
  public var isSolved: Bool { !(Flow.self is any FiniteFlow.Type) }

  /// A number and what is counted: "1 planar flow", "16 planar flows".
  func counted(_ count: Int, _ what: String) -> String { "\(count) \(what)\(count == 1 ? "" : "s")" }
}

/// How large a posterior is in a preset.
public enum PosteriorSize: Sendable {
  /// As in the published results.
  case published
  /// Reduced where the published size is slow.
  case compact
  /// For small images and a few minutes.
  case small
}

/// The numbers for each image that a training step keeps for its backward pass.
public struct PosteriorActivations: Sendable {
  /// Those of the whole flow.
  public var flow = 0
  /// Those of each evaluation of the velocity.
  public var evaluation = 0

  /// The given numbers.
  public init(flow: Int = 0, evaluation: Int = 0) { (self.flow, self.evaluation) = (flow, evaluation) }
}

/// A row of the published table of results.
public enum PublishedMethod: String, Sendable, CaseIterable {
  /// A Gaussian posterior.
  case noFlow = "no flow"
  /// Planar flows.
  case planar
  /// Inverse autoregressive flows.
  case iaf = "IAF"
  /// Sylvester flows of the best kind.
  case sylvester = "Sylvester"
  /// Continuous flows.
  case ffjord = "FFJORD"
}
