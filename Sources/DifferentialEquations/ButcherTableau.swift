/// An explicit Runge–Kutta method: k_i = f(t + c_i h, y + h sum of a_ij k_j), y_new = y + h sum of b_i k_i.
///
/// Hairer, Nørsett, Wanner, "Solving Ordinary Differential Equations I", 2nd edition, section II.1.
public struct ButcherTableau: Sendable, Equatable {
  /// The name by which a person asks for the method.
  public let name: String
  /// The order of the solution: the error of a solve shrinks as h^order.
  public let order: Int
  /// c_i
  public let nodes: [Double]
  /// a_ij: row i has i entries.
  public let coefficients: [[Double]]
  /// b_i
  public let weights: [Double]
  /// b_i minus the weights of the embedded method; empty for a method without error estimate.
  public let errorWeights: [Double]

  public init(
    name: String, order: Int, nodes: [Double], coefficients: [[Double]], weights: [Double],
    errorWeights: [Double] = []
  ) {
    self.name = name
    self.order = order
    self.nodes = nodes
    self.coefficients = coefficients
    self.weights = weights
    self.errorWeights = errorWeights
    if let validationError { preconditionFailure("the tableau \(name) is wrong: \(validationError)") }
  }

  /// The number of stages.
  public var stages: Int { nodes.count }

  /// Whether the step size can follow an error estimate.
  public var isAdaptive: Bool { !errorWeights.isEmpty }

  /// Whether the last stage is the first of the next step: its coefficients are the weights.
  public var isFirstSameAsLast: Bool {
    nodes.last == 1 && weights.last == 0 && coefficients.last == Array(weights.dropLast())
  }

  /// What is wrong with the numbers, if anything.
  public var validationError: String? {
    Self.validationError(
      order: order, nodes: nodes, coefficients: coefficients, weights: weights, errorWeights: errorWeights)
  }

  /// What is wrong with the numbers of a tableau, if anything: each row of coefficients sums to its node, the weights
  /// to one, and the error weights to zero.
  static func validationError(
    order: Int, nodes: [Double], coefficients: [[Double]], weights: [Double], errorWeights: [Double]
  ) -> String? {
    func differs(_ a: Double, _ b: Double) -> Bool { abs(a - b) > 1e-13 }
    let stages = nodes.count
    guard coefficients.count == stages, weights.count == stages else { return "rows are missing" }
    for (i, row) in coefficients.enumerated() {
      if row.count != i { return "row \(i) has \(row.count) entries" }
      if differs(row.reduce(0, +), nodes[i]) { return "row \(i) does not sum to its node" }
    }
    if differs(weights.reduce(0, +), 1) { return "the weights do not sum to one" }
    if !errorWeights.isEmpty {
      if errorWeights.count != stages { return "error weights are missing" }
      if differs(errorWeights.reduce(0, +), 0) { return "the error weights do not sum to zero" }
    }
    // Weights of order two and three: sum of b_i c_i = 1/2, sum of b_i c_i^2 = 1/3.
    if order >= 2, differs(zip(weights, nodes).reduce(0) { $0 + $1.0 * $1.1 }, 0.5) {
      return "it is not of order two"
    }
    if order >= 3, differs(zip(weights, nodes).reduce(0) { $0 + $1.0 * $1.1 * $1.1 }, 1.0 / 3) {
      return "it is not of order three"
    }
    return nil
  }

  /// Every method, by the order of their names on the command line.
  public static let all: [ButcherTableau] = [
    .euler, .midpoint, .heun, .rungeKutta4, .bogackiShampine, .dormandPrince, .tsitouras,
  ]

  /// The method of a name, such as `dopri5`.
  public static func named(_ name: String) -> ButcherTableau? { all.first { $0.name == name } }
}
