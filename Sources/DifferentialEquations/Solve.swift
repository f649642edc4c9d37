import Autodiff
import Communication
import Tensors

/// How a solve is differentiated.
public enum AdjointMethod: String, Sendable, CaseIterable, Codable {
  /// The exact gradient of the discrete solve. Keeps in memory what every evaluation needs for its pullback.
  case direct
  /// The same gradient. Keeps only the state before each step, and repeats the step in the backward pass.
  case checkpointed
  /// The adjoint equation, solved backward in time in constant memory (Chen et al. 2018, "Neural Ordinary Differential
  /// Equations", appendix B). Its gradient agrees with that of the others up to the tolerance.
  case adjoint
}

/// Solves dy/dt = f(t, y; parameters) from `start` to `end`, in either direction, differentiably.
///
/// - Parameters:
///   - dynamics: The right-hand side f: a derivative for each component of the state, of the component's shape.
///   - initial: The components of the state at `start`, each `[batch, ...]`.
///   - parameters: What f depends on and what is constant during the solve; gradients flow to it.
///   - start: The time of the initial state.
///   - end: The time of the result.
///   - options: The method, and how the sizes of its steps are chosen.
///   - gradient: How the solve is differentiated.
///   - solverState: What a similar solve learned, for a warm start; by default a cold start.
///   - componentsOutsideErrorNorm: The indices of components of the state that are left out of the error norm of
///     adaptive steps, such as integrals that the rest of the state does not depend on.
///   - batch: This rank's part of the batch, where other ranks solve the rest of it at the same time: all take the steps, and
///     meet the failures, that the whole batch would. Nil where this is the whole batch.
/// - Returns: The state at `end`, statistics, and what a similar solve can start warm with.
/// - Throws: ``SolveError`` where the step size underflows, a number is not finite, or the step limit is reached.
public func solve(
  _ dynamics: @escaping Dynamics, initial: [Variable], parameters: [Variable] = [], from start: Double,
  to end: Double, options: SolverOptions = SolverOptions(), gradient: AdjointMethod = .direct,
  startingFrom solverState: SolverState = SolverState(), componentsOutsideErrorNorm: Set<Int> = [],
  batch: BatchShare? = nil
) throws(SolveError) -> Solution {
  let problem = Problem(
    dynamics: dynamics, initial: initial, parameters: parameters, start: start, end: end, options: options,
    solverState: solverState, componentsOutsideErrorNorm: componentsOutsideErrorNorm,
    batch: batch.flatMap { $0.isSplit ? $0 : nil })
  let isTracked = (initial + parameters).contains { $0.isTracked }
  guard isTracked else { return try problem.solveDirectly() }
  switch gradient {
  case .direct: return try problem.solveDirectly()
  case .checkpointed: return try problem.solveCheckpointed()
  case .adjoint: return try problem.solveWithAdjoint()
  }
}

/// An initial value problem, and the options of its solve.
struct Problem {
  let dynamics: Dynamics
  let initial: [Variable]
  let parameters: [Variable]
  let start: Double
  let end: Double
  let options: SolverOptions
  let solverState: SolverState
  let componentsOutsideErrorNorm: Set<Int>
  let batch: BatchShare?

  /// The values of the parameters as constants.
  var constants: [Variable] { parameters.map(\.detached) }

  /// Records a whole solve as one operation. Its results are the components at the end; `pullback` turns their
  /// cotangents into those of the initial state and the parameters, and tells what that took.
  ///
  /// An operation of the tape has one result, so the components are concatenated into one and sliced out of it again.
  func recorded(
    _ components: [Tensor],
    _ pullback:
      @escaping (_ cotangents: [Tensor]) -> (
        initial: [GradientAccumulator], parameters: [GradientAccumulator], BackwardPass
      )
  ) -> [Variable] {
    let shapes = components.map(\.shape)
    let joined = Tensor.concatenation(components.map { $0.reshaped([$0.count]) }, axis: 0)
    let count = initial.count
    let result = Variable.record(joined, initial + parameters) { g, inputs in
      var start = 0
      let cotangents = shapes.map { shape in
        let part = g.leading(start..<(start + shape.product))
        start += shape.product
        return part.reshaped(shape)
      }
      let (initial, parameters, backwardPass) = pullback(cotangents)
      precondition(initial.count == count, "a solve's gradient has another number of components")
      inputs.report(backwardPass)
      for (i, gradient) in (initial + parameters).enumerated() where !gradient.isEmpty {
        inputs.add(gradient, to: i)
      }
    }
    var start = 0
    return shapes.map { shape in
      let length = shape.product
      defer { start += length }
      return result.sliced(axis: 0, start: start, length: length).reshaped(shape)
    }
  }
}
