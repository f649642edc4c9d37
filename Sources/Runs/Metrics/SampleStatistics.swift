extension [Double] {
  /// The mean; nil of none.
  package var mean: Double? { isEmpty ? nil : reduce(0, +) / Double(count) }

  /// The standard deviation of a sample, the square root of the sum of squared differences from the mean, divided by
  /// `count - 1`; nil of fewer than two.
  package var standardDeviation: Double? {
    guard count > 1, let mean else { return nil }
    return (reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)).squareRoot()
  }

  /// The standard error of the mean; nil of fewer than two.
  package var standardError: Double? { standardDeviation.map { $0 / Double(count).squareRoot() } }

  /// The number in the middle by size, or the mean of two; nil of none.
  package var median: Double? {
    let sorted = sorted()
    return isEmpty ? nil : (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
  }
}
