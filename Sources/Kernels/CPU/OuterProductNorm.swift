import CKernels
import Profiling
import Tensors

// |g^T x|^2 = sum over i, j of (g g^T)_ij (x x^T)_ij: of two small symmetric matrices [batch, batch]. Of a gradient whose
// factors are rounded, this is the norm only if they are rounded here too.

extension CPUArithmetic {
  package func sumOfSquares(g: Tensor, x: Tensor, _ numerics: Numerics) -> Double {
    let rows = g.shape[0]
    let weights = gram(x, 0..<rows, 0..<rows, numerics)
    if g.elementType == .float32, let kernels = factors(numerics).kernels {
      return weightedGram(g, weights, by: kernels, factors(numerics))
    }
    // Rows from `half` on stand for the block above the diagonal too.
    let half = min((rows / 2 + 63) / 64 * 64, rows)
    let w = weights.doubles()
    var total = 0.0
    for columns in [0..<half, half..<rows] where !columns.isEmpty {
      let part = gram(g, columns.lowerBound..<rows, columns, numerics).doubles()
      for i in columns.lowerBound..<rows {
        for j in columns {
          let product = part[(i - columns.lowerBound) * columns.count + j - columns.lowerBound] * w[i * rows + j]
          total += i < columns.upperBound ? product : 2 * product
        }
      }
    }
    return total
  }

  /// The products of some rows of a matrix with others of it, [rows, columns]: part of a a^T.
  private func gram(_ a: Tensor, _ rows: Range<Int>, _ columns: Range<Int>, _ numerics: Numerics) -> Tensor {
    let inner = a.shape[1]
    let right = PreparedMatrix(
      MatrixView(a, offset: columns.lowerBound * inner, transposed: true), inner: inner, columns: columns.count,
      numerics: numerics, isEager: false)
    var result = Tensor(uninitialized: [rows.count, columns.count], a.elementType)
    right.multiply(MatrixView(a, offset: rows.lowerBound * inner), rows: rows.count, into: &result)
    return result
  }

  /// The sum of (g g^T)_ij weights_ij, whose parts are the same on any number of threads.
  private func weightedGram(
    _ g: Tensor, _ weights: Tensor, by kernels: ck_product_table, _ factors: ProductFactors
  ) -> Double {
    let (rows, columns, atOnce) = (g.shape[0], g.shape[1], kernels.norm_columns())
    let parts = (columns + atOnce - 1) / atOnce
    Profiler.count(
      operations: rows * (rows + 1) * columns, bytes: 4 * g.count, lowPrecisionProducts: factors.lowPrecisionProducts)
    var sums = [Double](repeating: 0, count: parts)
    sums.withUnsafeMutableBufferPointer { sums in
      nonisolated(unsafe) let sums = sums
      Compute.parallel(parts, cost: rows * rows * min(atOnce, columns) / 2) { begin, end in
        let workspace = TensorStorage(byteCount: kernels.norm_workspace(rows))
        for part in begin..<end {
          let first = part * atOnce
          sums[part] = kernels.weighted_gram(
            rows, g.address.assumingMemoryBound(to: Float.self) + first, columns, min(atOnce, columns - first),
            weights.address.assumingMemoryBound(to: Float.self), workspace.pointer)
        }
        withExtendedLifetime(workspace) {}
      }
    }
    withExtendedLifetime((g, weights)) {}
    return sums.reduce(0, +)
  }
}
