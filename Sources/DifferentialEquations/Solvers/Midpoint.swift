extension ButcherTableau {
  /// The explicit midpoint method (Runge 1895), order 2, fixed step.
  public static let midpoint = ButcherTableau(
    name: "midpoint", order: 2, nodes: [0, 0.5], coefficients: [[], [0.5]], weights: [0, 1])
}
