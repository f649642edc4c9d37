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
struct ModelOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Latent numbers. (default: 64)", valueName: "n"))
  var latent: Int?

  @Option(help: ArgumentHelp("The posterior. (default: ffjord)", valueName: "kind"))
  var flow: PosteriorKind?

  @Option(
    help: ArgumentHelp("ffjord: widths of the velocity's hidden layers. (default: 512-512)", valueName: "widths"))
  var hidden: HiddenWidths?

  @Option(help: ArgumentHelp("ffjord: continuous flows, one after another. (default: 5)", valueName: "n"))
  var blocks: Int?

  @Option(
    help: ArgumentHelp(
      "ffjord: which weights are the image's own. (default: low-rank)", valueName: "kind"))
  var amortization: Amortization?

  @Option(help: ArgumentHelp("ffjord, low-rank: rank of each image's own weights. (default: 20)", valueName: "n"))
  var rank: Int?

  @Option(
    help: ArgumentHelp(
      "ffjord: how a layer depends on the time. (default: concat)", valueName: "kind"))
  var layerType: TimeDependence?

  @Option(
    help: ArgumentHelp(
      "ffjord: the velocity's activation: "
        + "\(ElementwiseFunction.activations.map(\.rawValue).joined(separator: ", ")). (default: softplus)",
      valueName: "function"))
  var activation: String?

  @Option(help: ArgumentHelp("ffjord: the time that each flow runs. (default: 0.5)", valueName: "t"))
  var timeLength: Double?

  @Option(
    help: ArgumentHelp(
      "ffjord: weight in the loss of the integral of |f|^2, which makes solves short. (default: 0)",
      valueName: "weight"))
  var kineticEnergy: Double?

  @Option(
    help: ArgumentHelp(
      "ffjord: weight in the loss of the integral of |df/dz|^2 (Frobenius). (default: 0)", valueName: "weight"))
  var jacobianNorm: Double?

  @Option(
    help: ArgumentHelp(
      "planar, iaf, sylvester: flows, one after another. (default: 16; iaf: 8)", valueName: "n"))
  var flows: Int?

  @Option(help: ArgumentHelp("iaf: width of the masked network. (default: 1280)", valueName: "n"))
  var maskedWidth: Int?

  @Option(help: ArgumentHelp("sylvester-orthogonal: orthonormal vectors. (default: 32)", valueName: "n"))
  var orthogonalVectors: Int?

  @Option(help: ArgumentHelp("sylvester-householder: Householder reflections. (default: 8)", valueName: "n"))
  var reflections: Int?

  /// The posteriors that an option is for, of those that were given.
  private var given: [(name: String, posteriors: [PosteriorKind])] {
    let all = PosteriorKind.allCases
    let layered = all.filter { $0 != .none && $0 != .ffjord }
    let options: [(String, Bool, [PosteriorKind])] = [
      ("--latent", latent != nil, all), ("--flow", flow != nil, all), ("--hidden", hidden != nil, [.ffjord]),
      ("--blocks", blocks != nil, [.ffjord]), ("--amortization", amortization != nil, [.ffjord]),
      ("--rank", rank != nil, [.ffjord]), ("--layer-type", layerType != nil, [.ffjord]),
      ("--activation", activation != nil, [.ffjord]), ("--time-length", timeLength != nil, [.ffjord]),
      ("--kinetic-energy", kineticEnergy != nil, [.ffjord]), ("--jacobian-norm", jacobianNorm != nil, [.ffjord]),
      ("--flows", flows != nil, layered), ("--masked-width", maskedWidth != nil, [.iaf]),
      ("--orthogonal-vectors", orthogonalVectors != nil, [.sylvesterOrthogonal]),
      ("--reflections", reflections != nil, [.sylvesterHouseholder]),
    ]
    return options.filter(\.1).map { (name: $0.0, posteriors: $0.2) }
  }

  /// The options that were given.
  var names: [String] { given.map(\.name) }

  func validate() throws {
    let kind = flow ?? .ffjord
    for option in given where !option.posteriors.contains(kind) {
      let posteriors = option.posteriors.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("\(option.name) says nothing of the posterior \(kind.rawValue); it is for \(posteriors)")
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
    func set<Value>(_ field: inout Value, _ value: Value?) { if let value { field = value } }
    set(&model.latent, latent)
    set(&model.flow, flow)
    set(&model.hidden, hidden?.widths)
    set(&model.blocks, blocks)
    set(&model.amortization, amortization)
    set(&model.rank, rank)
    set(&model.timeDependence, layerType)
    set(&model.activation, activation.flatMap(ElementwiseFunction.init(rawValue:)))
    set(&model.timeLength, timeLength)
    if timeLength != nil { model.timeLengths = nil }
    set(&model.kineticEnergy, kineticEnergy)
    set(&model.jacobianNorm, jacobianNorm)
    set(&model.flows, flows)
    set(&model.maskedWidth, maskedWidth)
    set(&model.orthogonalVectors, orthogonalVectors)
    set(&model.reflections, reflections)
  }
}
