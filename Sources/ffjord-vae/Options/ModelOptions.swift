import ArgumentParser
import NormalizingFlows
import Tensors
import VariationalAutoencoder

/// Widths of hidden layers, written 512-512.
struct HiddenWidths: ExpressibleByArgument {
  let widths: [Int]

  init?(argument: String) {
    let parts = argument.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    let widths = parts.compactMap { $0 }
    guard !widths.isEmpty, widths.count == parts.count, widths.allSatisfy({ $0 > 0 }) else { return nil }
    self.widths = widths
  }
}

/// An elementwise function that may stand between the layers of a velocity.
struct ActivationName: ExpressibleByArgument {
  let function: ElementwiseFunction

  init?(argument: String) {
    guard let function = ElementwiseFunction.activations.first(where: { $0.rawValue == argument }) else { return nil }
    self.function = function
  }

  static var allValueStrings: [String] { ElementwiseFunction.activations.map(\.rawValue) }
  static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }
}

extension PosteriorKind: ExpressibleByArgument {}
extension Amortization: ExpressibleByArgument {}
extension TimeDependence: ExpressibleByArgument {}

/// What a model is made of, where it differs from a preset.
///
/// The options of posteriors are declared here for the parser; what is said of them comes from their descriptions.
struct ModelOptions: ParsableArguments {
  @OptionGroup(title: "Model") var kind: KindOptions
  @OptionGroup(title: "Continuous flow (ffjord)") var continuous: ContinuousFlowOptions
  @OptionGroup(title: "Other flows") var finite: FiniteFlowOptions

  struct KindOptions: ParsableArguments {
    @Option(help: .setting("Latent dimensions", .latent, .count)) var latent: Int?
    @Option(help: .setting("Posterior", .flow, "kind")) var flow: PosteriorKind?
  }

  struct ContinuousFlowOptions: ParsableArguments {
    @Option(help: .option(.hidden, .widths)) var hidden: HiddenWidths?
    @Option(help: .option(.blocks, .count)) var blocks: Int?
    @Option(help: .option(.amortization, "kind")) var amortization: Amortization?
    @Option(help: .option(.rank, .count)) var rank: Int?
    @Option(help: .option(.timeDependence, "kind")) var layerType: TimeDependence?
    @Option(help: .option(.activation, "function")) var activation: ActivationName?
    @Option(help: .option(.timeLength, .number)) var timeLength: Double?
    @Option(help: .option(.kineticEnergy, .number)) var kineticEnergy: Double?
    @Option(help: .option(.jacobianNorm, .number)) var jacobianNorm: Double?
  }

  struct FiniteFlowOptions: ParsableArguments {
    @Option(help: .option(.flows, .count)) var flows: Int?
    @Option(help: .option(.maskedWidth, .count)) var maskedWidth: Int?
    @Option(help: .option(.orthogonalVectors, .count)) var orthogonalVectors: Int?
    @Option(help: .option(.reflections, .count)) var reflections: Int?
  }

  var flow: PosteriorKind? { kind.flow }
  var amortization: Amortization? { continuous.amortization }

  /// The options of posteriors, and the values that were given.
  private var choices: [any OptionChoice] {
    [
      Choice(.hidden, continuous.hidden?.widths), Choice(.blocks, continuous.blocks),
      Choice(.amortization, continuous.amortization), Choice(.rank, continuous.rank),
      Choice(.timeDependence, continuous.layerType),
      Choice(.activation, continuous.activation?.function),
      Choice(.timeLength, continuous.timeLength), Choice(.kineticEnergy, continuous.kineticEnergy),
      Choice(.jacobianNorm, continuous.jacobianNorm), Choice(.flows, finite.flows),
      Choice(.maskedWidth, finite.maskedWidth), Choice(.orthogonalVectors, finite.orthogonalVectors),
      Choice(.reflections, finite.reflections),
    ]
  }

  private var given: [any OptionChoice] { choices.filter(\.isGiven) }

  /// The options that were given.
  var names: [String] {
    [kind.latent == nil ? nil : "--latent", flow == nil ? nil : "--flow"].compactMap { $0 }
      + given.map { Self.name($0.erased.key) }
  }

  /// Sets what was given.
  func apply(to model: inout ModelConfiguration) {
    if let latent = kind.latent { model.latent = latent }
    if let flow { model.flow = flow }
    for choice in given { choice.apply(to: &model) }
    if continuous.timeLength != nil || continuous.blocks != nil { model.timeLengths = nil }
  }

  /// Refuses options that would have no effect on a model, to which they have been applied.
  func check(_ model: ModelConfiguration) throws {
    for option in given.map(\.erased) {
      let kinds = PosteriorKind.having(option)
      guard kinds.contains(model.flow) else { throw Self.refusal(of: Self.name(option.key), for: kinds, model.flow) }
    }
    if continuous.rank != nil, model.amortization != .lowRank {
      throw ValidationError("--rank is for --amortization low-rank, got --amortization \(model.amortization.rawValue)")
    }
  }

  /// What is said of an option that a posterior does not have.
  static func refusal(of name: String, for kinds: [PosteriorKind], _ kind: PosteriorKind) -> ValidationError {
    let kinds = kinds.map(\.rawValue).joined(separator: ", ")
    return ValidationError("\(name) is for --flow \(kinds), got --flow \(kind.rawValue)")
  }

  /// The name on the command line of a configuration's key.
  static func name(_ key: String) -> String {
    switch key {
    case ModelOption.timeDependence.key: "--layer-type"
    case "limitEvaluation": "--limit-eval"
    default: "--\(key.words(separator: "-"))"
    }
  }
}

extension ArgumentHelp {
  /// What an option of posteriors says, and its default, also where a posterior has another one; the posterior, where
  /// others of its group do not have the option.
  fileprivate static func option<Value>(_ option: ModelOption<Value>, _ valueName: String) -> ArgumentHelp {
    let kinds = PosteriorKind.having(option)
    let others = kinds.compactMap { kind -> String? in
      var model = ModelConfiguration()
      kind.posterior.setSizes(.published, of: &model)
      return model[option] == option.defaultValue ? nil : "\(kind.rawValue): \(Setting.plain(option.text(in: model)))"
    }
    let defaults = ([Setting.plain(option.defaultText)] + others).joined(separator: "; ")
    var words = option.summary
    if kinds.count == 1, let kind = kinds.first, !kind.posterior.isSolved {
      words = "\(kind.rawValue): \(words.prefix(1).lowercased())\(words.dropFirst())"
    }
    return ArgumentHelp("\(words) (default: \(defaults))", valueName: valueName)
  }

  fileprivate static func option<Value>(_ option: ModelOption<Value>, _ valueName: ValueName) -> ArgumentHelp {
    .option(option, valueName.rawValue)
  }
}

/// An option of a posterior, and the value that was given, if any.
private protocol OptionChoice {
  var erased: any AnyModelOption { get }
  var isGiven: Bool { get }
  func apply(to model: inout ModelConfiguration)
}

private struct Choice<Value: ModelOptionValue>: OptionChoice {
  let option: ModelOption<Value>
  let value: Value?

  init(_ option: ModelOption<Value>, _ value: Value?) { (self.option, self.value) = (option, value) }

  var erased: any AnyModelOption { option }
  var isGiven: Bool { value != nil }

  func apply(to model: inout ModelConfiguration) {
    if let value { model[option] = value }
  }
}
