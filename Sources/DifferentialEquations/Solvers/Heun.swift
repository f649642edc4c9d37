extension ButcherTableau {
  /// Heun's method, the explicit trapezoidal rule, order 2, fixed step.
  public static let heun = ButcherTableau(
    name: "heun", order: 2, nodes: [0, 1], coefficients: [[], [1]], weights: [0.5, 0.5])
}
