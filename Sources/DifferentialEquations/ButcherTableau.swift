/// The Butcher tableau of an explicit Runge–Kutta method.
///
///     k_i = f(t + c_i h, y + h sum of a_ij k_j)        y_new = y + h sum of b_i k_i
///
/// Hairer, Nørsett, Wanner, "Solving Ordinary Differential Equations I", 2nd edition, section II.1.
public struct ButcherTableau: Sendable, Equatable {
  /// The method's name in configurations and on the command line, such as `dopri5`.
  public let name: String
  /// The order of the solution: the error of a solve shrinks as h^order.
  public let order: Int
  /// The nodes c_i, one for each stage.
  public let nodes: [Double]
  /// The coefficients a_ij. The method is explicit, so row i has i entries.
  public let coefficients: [[Double]]
  /// The weights b_i of the solution.
  public let weights: [Double]
  /// The weights of the error estimate: b_i minus those of the embedded method. Empty for a method without error
  /// estimate.
  public let errorWeights: [Double]

  /// A method with the given coefficients.
  ///
  /// - Precondition: The coefficients are consistent: ``validationError`` is nil.
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

  /// Whether the method has an error estimate, from which the step size can be controlled.
  public var isAdaptive: Bool { !errorWeights.isEmpty }

  /// Whether the last stage is also the first stage of the next step (FSAL): its coefficients are the weights.
  public var isFirstSameAsLast: Bool {
    nodes.last == 1 && weights.last == 0 && coefficients.last == Array(weights.dropLast())
  }

  /// How the coefficients are inconsistent; nil where they are consistent.
  public var validationError: String? {
    Self.validationError(
      order: order, nodes: nodes, coefficients: coefficients, weights: weights, errorWeights: errorWeights)
  }

  /// How the coefficients are inconsistent, or nil. Each row of coefficients must sum to its node, the weights to one,
  /// and the error weights to zero; the conditions for orders two and three must hold.
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
    // Order conditions: sum of b_i c_i = 1/2 for order two, and sum of b_i c_i^2 = 1/3 for order three.
    if order >= 2, differs(zip(weights, nodes).reduce(0) { $0 + $1.0 * $1.1 }, 0.5) {
      return "it is not of order two"
    }
    if order >= 3, differs(zip(weights, nodes).reduce(0) { $0 + $1.0 * $1.1 * $1.1 }, 1.0 / 3) {
      return "it is not of order three"
    }
    return nil
  }

  /// All methods, in the order in which help texts list them.
  public static let all: [ButcherTableau] = [
    .euler, .midpoint, .heun, .rungeKutta4, .bogackiShampine, .dormandPrince, .tsitouras,
  ]

  /// The method with a ``name`` such as `dopri5`; nil where there is none.
  public static func named(_ name: String) -> ButcherTableau? { all.first { $0.name == name } }
}
