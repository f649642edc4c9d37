import Tensors

/// The largest difference of two lists; infinite where one is longer or a number is undefined.
public func largestDifference(_ a: [Double], _ b: [Double]) -> Double {
  guard a.count == b.count else { return .infinity }
  return zip(a, b).reduce(0) { worst, pair in
    let difference = abs(pair.0 - pair.1)
    return difference.isNaN ? .infinity : max(worst, difference)
  }
}

/// The same, of a tensor's numbers.
public func largestDifference(_ result: Tensor, _ expected: [Double]) -> Double {
  largestDifference(result.doubles(), expected)
}

/// The largest difference of two lists in units of the largest magnitude of what was expected, or of `unit` where that is
/// more; infinite where one is longer or a number is undefined.
public func relativeDifference(_ result: [Double], _ expected: [Double], unit: Double = 0) -> Double {
  let difference = largestDifference(result, expected)
  return difference == 0 ? 0 : difference / expected.reduce(unit) { max($0, abs($1)) }
}

/// The same, of a tensor's numbers.
public func relativeDifference(_ result: Tensor, _ expected: [Double], unit: Double = 0) -> Double {
  relativeDifference(result.doubles(), expected, unit: unit)
}

/// The largest of the relative differences of tensors, such as gradients; infinite where there are more of one kind.
public func relativeDifference(_ results: [Tensor], _ expected: [Tensor]) -> Double {
  guard results.count == expected.count else { return .infinity }
  return zip(results, expected).map { relativeDifference($0, $1.doubles()) }.max() ?? 0
}

/// The Euclidean norm of a difference, in parts of that of what was expected; infinite where one list is longer.
public func relativeNorm(_ result: [Double], _ expected: [Double]) -> Double {
  guard result.count == expected.count else { return .infinity }
  let difference = zip(result, expected).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  return (difference / max(expected.reduce(0) { $0 + $1 * $1 }, 1e-60)).squareRoot()
}
