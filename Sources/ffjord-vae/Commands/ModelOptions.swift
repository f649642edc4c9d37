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

extension PosteriorKind: ExpressibleByArgument {}
extension Amortization: ExpressibleByArgument {}
extension TimeDependence: ExpressibleByArgument {}

/// What a model is made of, where it differs from a preset.
///
/// The options of posteriors are declared here for the parser; what is said of them comes from their descriptions.
struct ModelOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Latent numbers. (default: \(ModelConfiguration().latent))", valueName: "n"))
  var latent: Int?

  @Option(help: ArgumentHelp("The posterior. (default: \(ModelConfiguration().flow.rawValue))", valueName: "kind"))
  var flow: PosteriorKind?

  @Option(help: help(.hidden, "widths")) var hidden: HiddenWidths?
  @Option(help: help(.blocks, "n")) var blocks: Int?
  @Option(help: help(.amortization, "kind")) var amortization: Amortization?
  @Option(help: help(.rank, "n")) var rank: Int?
  @Option(help: help(.timeDependence, "kind")) var layerType: TimeDependence?
  @Option(help: help(.activation, "function")) var activation: String?
  @Option(help: help(.timeLength, "t")) var timeLength: Double?
  @Option(help: help(.kineticEnergy, "weight")) var kineticEnergy: Double?
  @Option(help: help(.jacobianNorm, "weight")) var jacobianNorm: Double?
  @Option(help: help(.flows, "n")) var flows: Int?
  @Option(help: help(.maskedWidth, "n")) var maskedWidth: Int?
  @Option(help: help(.orthogonalVectors, "n")) var orthogonalVectors: Int?
  @Option(help: help(.reflections, "n")) var reflections: Int?

  /// The options of posteriors, and the values that were given.
  private var choices: [any OptionChoice] {
    [
      Choice(.hidden, hidden?.widths), Choice(.blocks, blocks), Choice(.amortization, amortization),
      Choice(.rank, rank), Choice(.timeDependence, layerType),
      Choice(.activation, activation.flatMap(ElementwiseFunction.init(rawValue:))), Choice(.timeLength, timeLength),
      Choice(.kineticEnergy, kineticEnergy), Choice(.jacobianNorm, jacobianNorm), Choice(.flows, flows),
      Choice(.maskedWidth, maskedWidth), Choice(.orthogonalVectors, orthogonalVectors),
      Choice(.reflections, reflections),
    ]
  }

  private var given: [any OptionChoice] { choices.filter(\.isGiven) }

  /// The options that were given.
  var names: [String] {
    [latent == nil ? nil : "--latent", flow == nil ? nil : "--flow"].compactMap { $0 }
      + given.map { Self.name($0.erased.key) }
  }

  func validate() throws {
    let kind = flow ?? ModelConfiguration().flow
    for option in given.map(\.erased) where !PosteriorKind.having(option).contains(kind) {
      throw ValidationError(
        "\(Self.name(option.key)) says nothing of the posterior \(kind.rawValue); it is for \(Self.posteriors(option))")
    }
    if rank != nil, let amortization, amortization != .lowRank {
      throw ValidationError("--rank says nothing of --amortization \(amortization.rawValue); it is for low-rank")
    }
    if let activation, !ElementwiseFunction.activations.contains(where: { $0.rawValue == activation }) {
      let known = ElementwiseFunction.activations.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--activation \(activation): one of \(known)")
    }
  }

  /// Sets what was given.
  func apply(to model: inout ModelConfiguration) {
    if let latent { model.latent = latent }
    if let flow { model.flow = flow }
    for choice in given { choice.apply(to: &model) }
    if timeLength != nil || blocks != nil { model.timeLengths = nil }
  }

  /// The name on the command line of a configuration's key.
  static func name(_ key: String) -> String {
    key == ModelOption.timeDependence.key ? "--layer-type" : "--\(key.words(separator: "-"))"
  }

  /// The kinds of posterior that have an option.
  private static func posteriors(_ option: some AnyModelOption) -> String {
    PosteriorKind.having(option).map(\.rawValue).joined(separator: ", ")
  }

  /// The posteriors that have an option, what it says, and its default, also where a posterior has another one.
  private static func help<Value>(_ option: ModelOption<Value>, _ valueName: String) -> ArgumentHelp {
    let others = PosteriorKind.having(option).compactMap { kind -> String? in
      var model = ModelConfiguration()
      kind.posterior.setSizes(.published, of: &model)
      return model[option] == option.defaultValue ? nil : "\(kind.rawValue): \(option.text(in: model))"
    }
    let defaults = ([option.defaultText] + others).joined(separator: "; ")
    return ArgumentHelp("\(posteriors(option)): \(option.summary). (default: \(defaults))", valueName: valueName)
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
