import Autodiff
import Randomness
import Tensors

/// A regularizer that keeps trajectories close to polynomials of the time, which solvers follow in few steps.
///
///     L = (1 / (n d)) sum over i of |z(t_i) - P(t_i)|^2
///
/// The times t_1 to t_n are the solve's ends and times drawn between them at random; P is the polynomial of a degree that
/// fits the trajectory best at these times, and d the number of dimensions.
///
/// Huang and Yeh 2021, "Accelerating Continuous Normalizing Flow with Trajectory Polynomial Regularization", whose
/// experiments have degree 1, four times and a weight of 10.
public struct TrajectoryPolynomial: Sendable, Equatable, Codable {
  /// The polynomial's degree, at least 1.
  public var degree = 1
  /// The weight of the regularizer in the loss; 0 for none, which costs nothing.
  public var weight = 0.0

  /// A regularizer; by default none.
  public init(degree: Int = 1, weight: Double = 0) {
    self.degree = degree
    self.weight = weight
  }

  /// The times between the ends, as parts of the solve, in order: `degree` + 1 of them.
  func times(_ stream: RandomStream, index: Int) -> [Double] {
    stream.uniforms(index..<(index + degree + 1)).map { 0.001 + 0.998 * Double($0) }.sorted()
  }

  /// L for each sample, `[batch]`, without its weight.
  ///
  /// - Parameters:
  ///   - states: The states at the times, each `[batch, dimensions]`.
  ///   - times: The times, as parts of the solve.
  func residual(_ states: [Variable], at times: [Double]) -> Variable {
    let n = times.count
    let projection = Self.residualProjection(times, degree: degree)
    let scale = 1 / Double(n * states[0].shape[1])
    let squares = (0..<n).map { i in
      let terms = (0..<n).map { j in (coefficient: projection[i][j], variable: states[j]) }
      return Variable.linearCombination(terms).applying(.square).sum(axis: -1)
    }
    return .linearCombination(squares.map { (scale, $0) })
  }

  /// I - Q Q^T, where the columns of Q are polynomials of the times that are orthonormal.
  static func residualProjection(_ times: [Double], degree: Int) -> [[Double]] {
    let n = times.count
    var basis: [[Double]] = []
    for power in 0...degree {
      var column = times.map { t in (0..<power).reduce(1.0) { product, _ in product * (2 * t - 1) } }
      // Twice, since the first pass leaves rounding errors where times lie close together.
      for _ in 0..<2 {
        for known in basis {
          let product = zip(column, known).reduce(0) { $0 + $1.0 * $1.1 }
          for i in 0..<n { column[i] -= product * known[i] }
        }
      }
      let norm = column.reduce(0) { $0 + $1 * $1 }.squareRoot()
      guard norm > 1e-9 else { continue }
      basis.append(column.map { $0 / norm })
    }
    return (0..<n).map { i in
      (0..<n).map { j in (i == j ? 1 : 0) - basis.reduce(0) { $0 + $1[i] * $1[j] } }
    }
  }
}
