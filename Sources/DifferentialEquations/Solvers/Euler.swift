extension ButcherTableau {
  /// Euler's method, order 1, fixed step.
  public static let euler = ButcherTableau(
    name: "euler", order: 1, nodes: [0], coefficients: [[]], weights: [1])
}
