import Randomness
import Tensors

/// Standard normal numbers in double precision; each index has its own.
func normals(_ shape: [Int], _ index: UInt64) -> Tensor {
  let stream = RandomStream(seed: 13, purpose: .test, step: index)
  return Tensor(stream.normals(0..<shape.reduce(1, *)).map { Double($0) }, shape: shape)
}

/// The largest difference of two lists, in units of the largest number of `b`, or of one where that is less;
/// infinite where one is longer or a number is undefined.
func relativeDifference(_ a: [Double], _ b: [Double]) -> Double {
  guard a.count == b.count else { return .infinity }
  let worst = zip(a, b).reduce(0) { worst, pair in
    let difference = abs(pair.0 - pair.1)
    return difference.isNaN ? .infinity : max(worst, difference)
  }
  return worst / max(1, b.map { abs($0) }.max() ?? 0)
}

/// Both precisions, with the relative difference that is allowed to each.
let precisions: [(type: ElementType, tolerance: Double)] = [(.float64, 1e-13), (.float32, 2e-6)]
