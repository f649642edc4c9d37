import ArgumentParser
import DifferentialEquations
import NormalizingFlows
import Runs
import VariationalAutoencoder

extension StepSizeControl: ExpressibleByArgument {}
extension AdjointMethod: ExpressibleByArgument {}
extension Divergence: ExpressibleByArgument {}

/// How the differential equation of a continuous flow is solved, and differentiated.
struct SolveOptions: ConfiguringOptions {
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

  var assignments: [OptionAssignment<TrainingConfiguration>] {
    [
      .init("--solver", solver?.name, \.solver), .init("--tolerance", tolerance, \.tolerance),
      .init("--training-tolerance", trainingTolerance, \.trainingTolerance),
      .init("--controller", controller, \.controller), .init("--warm-start", warmStart, \.warmStart),
      .init("--solver-steps", solverSteps, \.solverSteps), .init("--divergence", divergence, \.divergence),
      .init("--gradient", gradient, \.gradient),
    ]
  }

  /// Refuses options that would have no effect.
  func check(_ configuration: TrainingConfiguration) throws {
    let (flow, solver) = (configuration.model.flow, configuration.solver)
    if let name = names.first, !flow.posterior.isSolved {
      throw ModelOptions.refusal(of: name, for: PosteriorKind.allCases.filter(\.posterior.isSolved), flow)
    }
    try SolverName.check(names, for: solver)
  }
}
