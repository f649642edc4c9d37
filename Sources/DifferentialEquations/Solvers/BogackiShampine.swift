extension ButcherTableau {
  /// Bogacki and Shampine's 3(2) pair: adaptive, first same as last (FSAL).
  ///
  /// Bogacki and Shampine, "A 3(2) pair of Runge–Kutta formulas", Applied Mathematics Letters 2 (1989).
  public static let bogackiShampine = ButcherTableau(
    name: "bosh3", order: 3, nodes: [0, 0.5, 0.75, 1],
    coefficients: [[], [0.5], [0, 0.75], [2.0 / 9, 1.0 / 3, 4.0 / 9]],
    weights: [2.0 / 9, 1.0 / 3, 4.0 / 9, 0],
    errorWeights: [2.0 / 9 - 7.0 / 24, 1.0 / 3 - 1.0 / 4, 4.0 / 9 - 1.0 / 3, -1.0 / 8])
}
