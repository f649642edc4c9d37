import Autodiff

// With the adjoint a(t) = dL/dy(t), (Chen et al. 2018, "Neural Ordinary Differential Equations", appendix B)
//
//     da/dt = -a^T df/dy        dL/dparameters = integral from start to end of a^T df/dparameters dt
//
// so y and a are solved together from the end back to the start. The last integral is a quadrature along that solve:
// it depends on y and a, but they do not depend on it. It is therefore no part of the state, where it would take part
// in the error control and be copied at each stage (compare Kidger et al. 2021, "Hey, that's not an ODE"). With the
// weights b_i of the Runge–Kutta method, an accepted step contributes h sum of b_i (a^T df/dparameters at stage i).
//
// The equation of a is linear, so a is scaled to a root mean square of one before the solve, and back after it: the
// absolute tolerance then has the same effect whatever the scale of the loss.

/// The adjoint equation of a solve, and the integrals along it that are the gradients of the solve's constants.
final class AdjointEquation {
  private let dynamics: Dynamics
  private let constants: [Variable]
  private let isTracked: [Bool]
  private let weights: [Double]
  private let scale: Double
  private let componentCount: Int

  /// The gradients of the constants, over the steps that have been accepted.
  private(set) var integrals: [GradientAccumulator]
  /// The contributions of evaluations whose step may still be accepted, by the evaluation's number.
  private var contributions: [Int: [GradientAccumulator]] = [:]
  private var evaluationCount = 0

  /// - Parameters:
  ///   - dynamics: The right-hand side f of the solve.
  ///   - constants: What f depends on.
  ///   - isTracked: Which of the constants have a gradient.
  ///   - weights: The weights of the method that solves the adjoint equation.
  ///   - scale: What the adjoints were divided by.
  ///   - componentCount: The number of components of y.
  init(
    _ dynamics: @escaping Dynamics, constants: [Variable], isTracked: [Bool], weights: [Double], scale: Double,
    componentCount: Int
  ) {
    (self.dynamics, self.constants, self.isTracked) = (dynamics, constants, isTracked)
    (self.weights, self.scale, self.componentCount) = (weights, scale, componentCount)
    integrals = constants.map { _ in GradientAccumulator() }
  }

  /// The derivatives of y and a: f, and -a^T df/dy.
  func derivatives(_ time: Double, _ joint: [Variable]) -> [Variable] {
    let tape = Tape()
    let y = joint[..<componentCount].map { tape.variable($0.value) }
    let local = zip(constants, isTracked).map { $1 ? tape.variable($0.value) : $0 }
    let derivative = dynamics(time, y, local)
    let seeds = zip(derivative, joint[componentCount...]).map { ($0, $1.value) }
    var gradients = tape.pullback(Array(seeds), to: y + local)
    contributions[evaluationCount] = Array(gradients[componentCount...])
    evaluationCount += 1
    return derivative.map(\.detached)
      + y.indices.map {
        Variable(gradients[$0].value(shape: y[$0].shape, y[$0].value.elementType).scaled(by: -1))
      }
  }

  /// Adds what an accepted step contributes to the integrals.
  func accept(_ step: AcceptedStep) {
    for (number, weight) in zip(step.evaluations, weights) where weight != 0 {
      guard let contribution = contributions[number] else { continue }
      // The solve runs backward in time: its steps are negative, and the integral above runs the other way.
      for p in integrals.indices { integrals[p].merge(contribution[p], scale: -step.size * weight * scale) }
    }
    let last = step.evaluations.last ?? 0
    contributions = contributions.filter { $0.key >= last }
  }
}
