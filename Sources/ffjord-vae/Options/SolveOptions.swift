import ArgumentParser
import DifferentialEquations
import NormalizingFlows
import Runs
import VariationalAutoencoder

extension StepSizeControl: ExpressibleByArgument {}
extension AdjointMethod: ExpressibleByArgument {}
extension Divergence: ExpressibleByArgument {}

/// How the differential equation of a continuous flow is solved, and differentiated.
struct SolveOptions: ParsableArguments {
  @Option(help: .setting("ODE solver", .solver, "method"))
  var solver: SolverName?

  @Option(help: .setting("Tolerance of adaptive steps", .tolerance, .number))
  var tolerance: Double?

  @Option(help: .setting("Another tolerance for training", .trainingTolerance, .number))
  var trainingTolerance: Double?

  @Option(help: .setting("Step size control", .controller, "kind"))
  var controller: StepSizeControl?

  @Flag(inversion: .prefixedNo, help: .setting("Begin with the last solve's step size", .warmStart))
  var warmStart: Bool?

  @Option(help: .setting("Steps of a fixed-step solver", .solverSteps, .count))
  var solverSteps: Int?

  @Option(help: .setting("How the divergence is computed", .divergence, "kind"))
  var divergence: Divergence?

  @Option(help: .setting("How solves are differentiated", .gradient, "kind"))
  var gradient: AdjointMethod?

  /// Changes what was given.
  func apply(to configuration: inout TrainingConfiguration) {
    if let solver { configuration.solver = solver.name }
    if let tolerance { configuration.tolerance = tolerance }
    if let trainingTolerance { configuration.trainingTolerance = trainingTolerance }
    if let controller { configuration.controller = controller }
    if let warmStart { configuration.warmStart = warmStart }
    if let solverSteps { configuration.solverSteps = solverSteps }
    if let divergence { configuration.divergence = divergence }
    if let gradient { configuration.gradient = gradient }
  }

  /// Refuses options that would have no effect.
  func check(_ configuration: TrainingConfiguration) throws {
    let (flow, solver) = (configuration.model.flow, configuration.solver)
    if let name = names.first, !flow.posterior.isSolved {
      throw ModelOptions.refusal(of: name, for: PosteriorKind.allCases.filter(\.posterior.isSolved), flow)
    }
    try SolverName.check(names, for: solver)
  }

  /// The options that were given.
  var names: [String] {
    [
      ("--solver", solver != nil), ("--tolerance", tolerance != nil),
      ("--training-tolerance", trainingTolerance != nil), ("--controller", controller != nil),
      ("--warm-start", warmStart != nil), ("--solver-steps", solverSteps != nil), ("--divergence", divergence != nil),
      ("--gradient", gradient != nil),
    ].filter(\.1).map(\.0)
  }
}
