import ArgumentParser
import DensityEstimation
import DifferentialEquations
import NormalizingFlows

/// The kinds of flows of a block, written real-nvp+ffjord.
struct FlowKinds: ExpressibleByArgument {
  let kinds: [DensityFlowKind]

  init?(argument: String) {
    let parts = argument.split(separator: "+", omittingEmptySubsequences: false).map {
      DensityFlowKind(rawValue: String($0))
    }
    kinds = parts.compactMap { $0 }
    guard !kinds.isEmpty, kinds.count == parts.count else { return nil }
  }

  static var allValueStrings: [String] { DensityFlowKind.allCases.map(\.rawValue) }
  static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }
}

/// What a density model is made of, where it differs from the published one.
struct DensityModelOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Flow, or several joined by + (default: ffjord)", valueName: "kind"))
  var flow: FlowKinds?

  @Option(help: ArgumentHelp("Number of blocks (default: as published)", .count))
  var blocks: Int?

  @Option(help: ArgumentHelp("Widths of hidden layers (default: as published)", .widths))
  var hidden: HiddenWidths?

  @Flag(inversion: .prefixedNo, help: "Batch normalization after each block (maf: yes)")
  var batchNormalization: Bool?

  @Flag(inversion: .prefixedNo, help: "Images: squeeze, scale after scale (default: yes)")
  var multiscale: Bool?

  @Option(help: ArgumentHelp("Units of dsf (default: 16), components of tan (40)", .count))
  var components: Int?

  @Option(help: ArgumentHelp("Images: alpha of the logit transform (default: 1e-6)", .number))
  var logitAlpha: Double?

  /// Changes what was given, but for the flow.
  func apply(to configuration: inout DensityConfiguration) {
    if let blocks { configuration.blocks = blocks }
    if let hidden { configuration.hidden = hidden.widths }
    if let batchNormalization { configuration.hasBatchNormalization = batchNormalization }
    if let multiscale { configuration.isMultiscale = multiscale }
    if let components { configuration.components = components }
    if let logitAlpha { configuration.logitAlpha = logitAlpha }
  }

  /// The options that were given.
  var names: [String] {
    [
      ("--flow", flow != nil), ("--blocks", blocks != nil), ("--hidden", hidden != nil),
      ("--batch-normalization", batchNormalization != nil), ("--multiscale", multiscale != nil),
      ("--components", components != nil), ("--logit-alpha", logitAlpha != nil),
    ].filter(\.1).map(\.0)
  }
}

/// The continuous flows of a density model, and how they are solved.
struct DensitySolveOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Activation (default: tanh; tables, images: softplus)", valueName: "function"))
  var activation: ActivationName?

  @Option(
    help: ArgumentHelp(
      "Time layer (default: concatsquash; images: concat)", valueName: "kind"))
  var layerType: TimeDependence?

  @Option(help: ArgumentHelp("Initial end time (default: 0.5; tables, images: 1)", .number))
  var timeLength: Double?

  @Flag(inversion: .prefixedNo, help: "Train the end time (default: yes)")
  var trainTime: Bool?

  @Option(help: ArgumentHelp("ODE solver (default: dopri5)", valueName: "method"))
  var solver: SolverName?

  @Option(help: ArgumentHelp("Absolute tolerance (default: 1e-5; tables: 1e-8)", .number))
  var tolerance: Double?

  @Option(help: ArgumentHelp("Relative tolerance (default: the same; tables: 1e-6)", .number))
  var relativeTolerance: Double?

  @Option(help: ArgumentHelp("Steps of a fixed-step solver (default: 20)", .count))
  var solverSteps: Int?

  @Flag(inversion: .prefixedNo, help: "Begin with the last solve's step size (default: yes)")
  var warmStart: Bool?

  @Option(help: ArgumentHelp("How the divergence is computed in training", valueName: "kind"))
  var divergence: Divergence?

  @Option(help: ArgumentHelp("Gradient (default: direct; images: checkpointed)", valueName: "kind"))
  var gradient: AdjointMethod?

  @Option(help: ArgumentHelp("Weight of the kinetic energy (default: 0)", .number))
  var kineticEnergy: Double?

  @Option(help: ArgumentHelp("Weight of the Jacobian's norm (default: 0)", .number))
  var jacobianNorm: Double?

  @Option(help: ArgumentHelp("Weight of paths' distance to polynomials (default: 0)", .number))
  var polynomial: Double?

  @Option(help: ArgumentHelp("Degree of these polynomials (default: 1)", .count))
  var polynomialDegree: Int?

  /// Changes what was given.
  func apply(to configuration: inout DensityConfiguration) {
    if let activation { configuration.activation = activation.function }
    if let layerType { configuration.timeDependence = layerType }
    if let timeLength { configuration.timeLength = timeLength }
    if let trainTime { configuration.isTimeTrained = trainTime }
    if let solver { configuration.solver = solver.name }
    if let tolerance {
      configuration.tolerance = tolerance
      configuration.relativeTolerance = nil
    }
    if let relativeTolerance { configuration.relativeTolerance = relativeTolerance }
    if let solverSteps { configuration.solverSteps = solverSteps }
    if let warmStart { configuration.warmStart = warmStart }
    if let divergence { configuration.divergence = divergence }
    if let gradient { configuration.gradient = gradient }
    if let kineticEnergy { configuration.regularization.kineticEnergy = kineticEnergy }
    if let jacobianNorm { configuration.regularization.jacobianNorm = jacobianNorm }
    if let polynomial { configuration.polynomial.weight = polynomial }
    if let polynomialDegree { configuration.polynomial.degree = polynomialDegree }
  }

  /// The options that were given.
  var names: [String] {
    [
      ("--activation", activation != nil), ("--layer-type", layerType != nil), ("--time-length", timeLength != nil),
      ("--train-time", trainTime != nil), ("--solver", solver != nil), ("--tolerance", tolerance != nil),
      ("--relative-tolerance", relativeTolerance != nil), ("--solver-steps", solverSteps != nil),
      ("--warm-start", warmStart != nil), ("--divergence", divergence != nil), ("--gradient", gradient != nil),
      ("--kinetic-energy", kineticEnergy != nil), ("--jacobian-norm", jacobianNorm != nil),
      ("--polynomial", polynomial != nil), ("--polynomial-degree", polynomialDegree != nil),
    ].filter(\.1).map(\.0)
  }
}
