extension ButcherTableau {
  /// The classical Runge–Kutta method (Kutta 1901), order 4, fixed step.
  public static let rungeKutta4 = ButcherTableau(
    name: "rk4", order: 4, nodes: [0, 0.5, 0.5, 1], coefficients: [[], [0.5], [0, 0.5], [0, 0, 1]],
    weights: [1.0 / 6, 1.0 / 3, 1.0 / 3, 1.0 / 6])
}
