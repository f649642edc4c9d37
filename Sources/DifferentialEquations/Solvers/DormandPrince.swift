extension ButcherTableau {
  /// Dormand and Prince's 5(4) pair: adaptive, first same as last (FSAL). The published model's solver.
  ///
  /// Dormand and Prince, "A family of embedded Runge–Kutta formulae", J. Comp. Appl. Math. 6 (1980). The error weights
  /// are those of torchdiffeq (Shampine's embedded method), so that step sizes agree with it.
  public static let dormandPrince = ButcherTableau(
    name: "dopri5", order: 5, nodes: [0, 1.0 / 5, 3.0 / 10, 4.0 / 5, 8.0 / 9, 1, 1],
    coefficients: [
      [],
      [1.0 / 5],
      [3.0 / 40, 9.0 / 40],
      [44.0 / 45, -56.0 / 15, 32.0 / 9],
      [19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729],
      [9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656],
      [35.0 / 384, 0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84],
    ],
    weights: [35.0 / 384, 0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84, 0],
    errorWeights: [
      35.0 / 384 - 1951.0 / 21600, 0, 500.0 / 1113 - 22642.0 / 50085, 125.0 / 192 - 451.0 / 720,
      -2187.0 / 6784 + 12231.0 / 42400, 11.0 / 84 - 649.0 / 6300, -1.0 / 60,
    ])
}
