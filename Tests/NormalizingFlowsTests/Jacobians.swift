import Autodiff
import Foundation
import Randomness
import Tensors

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
