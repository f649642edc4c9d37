import ArgumentParser
import DifferentialEquations

/// The name of a solver.
struct SolverName: ExpressibleByArgument {
  let name: String

  init?(argument: String) {
    guard ButcherTableau.named(argument) != nil else { return nil }
    name = argument
  }

  static var allValueStrings: [String] { ButcherTableau.all.map(\.name) }
  static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }

  /// Refuses options that the solver of a name would ignore.
  ///
  /// - Parameter options: The options that were given.
  static func check(_ options: [String], for name: String) throws(ValidationError) {
    guard let solver = ButcherTableau.named(name) else { return }
    let ignored = solver.isAdaptive ? optionsOfFixed : optionsOfAdaptive
    guard let option = options.first(where: ignored.contains) else { return }
    throw ValidationError(
      solver.isAdaptive
        ? "\(option) is for solvers of fixed steps, and \(name) chooses its steps"
        : "\(option) is for solvers that choose their steps, and those of \(name) are fixed")
  }

  private static let optionsOfFixed: Set = ["--solver-steps"]
  private static let optionsOfAdaptive: Set = [
    "--tolerance", "--relative-tolerance", "--training-tolerance", "--controller", "--warm-start",
  ]
}
