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
struct DensityModelOptions: ConfiguringOptions {
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

  var assignments: [OptionAssignment<DensityConfiguration>] {
    [
      .init("--flow", flow?.kinds, \.flows), .init("--blocks", blocks, \.blocks),
      .init("--hidden", hidden?.widths, \.hidden),
      .init("--batch-normalization", batchNormalization, \.hasBatchNormalization),
      .init("--multiscale", multiscale, \.isMultiscale), .init("--components", components, \.components),
      .init("--logit-alpha", logitAlpha, \.logitAlpha),
    ]
  }
}

/// The continuous flows of a density model, and how they are solved.
struct DensitySolveOptions: ConfiguringOptions {
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

  var assignments: [OptionAssignment<DensityConfiguration>] {
    [
      .init("--activation", activation?.function, \.activation), .init("--layer-type", layerType, \.timeDependence),
      .init("--time-length", timeLength, \.timeLength), .init("--train-time", trainTime, \.isTimeTrained),
      .init("--solver", solver?.name, \.solver),
      .init("--tolerance", tolerance) { ($0.tolerance, $0.relativeTolerance) = ($1, nil) },
      .init("--relative-tolerance", relativeTolerance, \.relativeTolerance),
      .init("--solver-steps", solverSteps, \.solverSteps), .init("--warm-start", warmStart, \.warmStart),
      .init("--divergence", divergence, \.divergence), .init("--gradient", gradient, \.gradient),
      .init("--kinetic-energy", kineticEnergy, \.regularization.kineticEnergy),
      .init("--jacobian-norm", jacobianNorm, \.regularization.jacobianNorm),
      .init("--polynomial", polynomial, \.polynomial.weight),
      .init("--polynomial-degree", polynomialDegree, \.polynomial.degree),
    ]
  }
}
