import Randomness
import Autodiff
import Foundation
import Tensors

/// Standard normal numbers in double precision, times a factor; each index has its own.
func normals(_ shape: [Int], _ index: UInt64, scale: Double = 1) -> Tensor {
  let stream = RandomStream(seed: 11, purpose: .test, step: index)
  return Tensor(stream.normals(0..<shape.reduce(1, *)).map { scale * Double($0) }, shape: shape)
}

/// The largest difference of two lists; infinite where one is longer or a number is undefined.
func largestDifference(_ a: [Double], _ b: [Double]) -> Double {
  guard a.count == b.count else { return .infinity }
  return zip(a, b).reduce(0) { worst, pair in
    let difference = abs(pair.0 - pair.1)
    return difference.isNaN ? .infinity : max(worst, difference)
  }
}

/// The same, in units of the largest number of `b`, or of one where that is less.
func relativeDifference(_ a: [Double], _ b: [Double]) -> Double {
  largestDifference(a, b) / max(1, b.map { abs($0) }.max() ?? 0)
}

/// log |det| of a square matrix given by its rows, by Gaussian elimination with pivoting.
func logAbsoluteDeterminant(_ rows: [[Double]]) -> Double {
  var m = rows
  var sum = 0.0
  for column in m.indices {
    let pivot = (column..<m.count).max { abs(m[$0][column]) < abs(m[$1][column]) } ?? column
    m.swapAt(column, pivot)
    sum += log(abs(m[column][column]))
    for row in m.indices where row > column {
      let factor = m[row][column] / m[column][column]
      for c in column..<m.count { m[row][c] -= factor * m[column][c] }
    }
  }
  return sum
}

/// The Jacobian of a function of a batch at `z` `[batch, latent]`, in reverse mode: `[sample][row][column]`.
///
/// Samples do not meet in the function, so the gradient of a column's sum holds that row for each of them.
func jacobians(at z: Tensor, _ function: (Variable) throws -> Variable) rethrows -> [[[Double]]] {
  let (batch, latent) = (z.shape[0], z.shape[1])
  var result = [[[Double]]](repeating: [], count: batch)
  for row in 0..<latent {
    let tape = Tape()
    let x = tape.variable(z)
    let y = try function(x).sliced(axis: 1, start: row, length: 1).sum()
    let gradient = tape.gradients(of: y, withRespectTo: [x])[0].doubles()
    for sample in 0..<batch {
      result[sample].append(Array(gradient[(sample * latent)..<((sample + 1) * latent)]))
    }
  }
  return result
}

/// Central differences of a function of tensors in every number of each, or in every `stride`-th.
///
/// With a step of 1e-5 in double precision their error is about 1e-10 for derivatives of order one.
func centralDifferences(
  _ inputs: [Tensor], every stride: Int = 1, _ function: ([Tensor]) throws -> Double
) rethrows -> [[Double]] {
  let step = 1e-5
  return try inputs.indices.map { i in
    let base = inputs[i].doubles()
    return try Swift.stride(from: 0, to: base.count, by: stride).map { j in
      func at(_ x: Double) throws -> Double {
        var moved = base
        moved[j] = x
        var all = inputs
        all[i] = Tensor(moved, shape: inputs[i].shape)
        return try function(all)
      }
      return (try at(base[j] + step) - at(base[j] - step)) / (2 * step)
    }
  }
}
