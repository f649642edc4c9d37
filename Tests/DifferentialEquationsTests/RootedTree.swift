import DifferentialEquations

/// A rooted tree: the conditions for a Runge–Kutta method's order are one for each of them.
///
/// A method is of order p where, for every tree t of at most p nodes, sum of b_i Phi_i(t) = 1 / gamma(t).
/// (Hairer, Nørsett, Wanner, "Solving Ordinary Differential Equations I", theorem II.2.13.)
struct RootedTree {
  let branches: [RootedTree]

  /// The number of nodes.
  var order: Int { branches.reduce(1) { $0 + $1.order } }

  /// gamma: the product, over all nodes, of the order of the tree that hangs from it.
  var density: Double { branches.reduce(Double(order)) { $0 * $1.density } }

  /// Phi_i: the product over the branches of sum of a_ij Phi_j(branch).
  func weights(_ tableau: ButcherTableau) -> [Double] {
    let inner = branches.map { $0.weights(tableau) }
    return tableau.coefficients.map { row in
      inner.reduce(1) { product, phi in product * zip(row, phi).reduce(0) { $0 + $1.0 * $1.1 } }
    }
  }

  /// How far weights b are from the tree's condition.
  func defect(_ tableau: ButcherTableau, _ b: [Double]) -> Double {
    abs(zip(b, weights(tableau)).reduce(0) { $0 + $1.0 * $1.1 } - 1 / density)
  }

  /// All trees of some number of nodes.
  static func all(order: Int) -> [RootedTree] {
    forests(nodes: order - 1, largest: order - 1).map(RootedTree.init)
  }

  /// All multisets of trees that have `nodes` nodes together, none larger than `largest`; trees of one size
  /// come in the order of `all`, each no later than `last`.
  private static func forests(nodes: Int, largest: Int, last: Int = .max) -> [[RootedTree]] {
    guard nodes > 0 else { return [[]] }
    return (1...nodes).filter { $0 <= largest }.flatMap { size in
      all(order: size).enumerated().filter { size < largest || $0.offset <= last }.flatMap { index, tree in
        forests(nodes: nodes - size, largest: size, last: index).map { [tree] + $0 }
      }
    }
  }
}
