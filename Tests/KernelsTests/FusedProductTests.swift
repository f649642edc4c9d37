import Kernels
import Tensors
import TestSupport
import Testing

/// Products that do several things in one pass, against the same things one after another.
@Suite struct FusedProductTests {
  struct Example: CustomTestStringConvertible, Sendable {
    let (n, inputs, rank, outputs, components): (Int, Int, Int, Int, Int)
    let transposed: Bool
    var testDescription: String {
      "\(n) images, \(inputs)-\(rank)-\(outputs), \(components) components\(transposed ? ", transposed" : "")"
    }
  }

  /// Images that fill tiles and that do not, rows of several components in one tile, and more than are packed at once.
  static let examples = [
    (1, 40, 3, 40, 1), (16, 64, 4, 64, 2), (50, 64, 20, 96, 2), (7, 33, 5, 70, 5), (37, 130, 6, 33, 3),
    (9, 600, 4, 40, 65), (100, 96, 20, 128, 2),
  ].flatMap { e in
    [false, true].map {
      Example(n: e.0, inputs: e.1, rank: e.2, outputs: e.3, components: e.4, transposed: $0)
    }
  }

  @Test(arguments: examples)
  func `a shared product and low-rank ones in one pass are what they are one after another`(_ e: Example) {
    let (from, to) = e.transposed ? (e.outputs, e.inputs) : (e.inputs, e.outputs)
    let width = (e.inputs + e.outputs) * e.rank + e.outputs
    let x = single(normals(e.components * e.n * from, 1), [e.components, e.n, from])
    let (matrix, shift) = (single(normals(from * to, 2), [from, to]), single(normals(to, 3), [to]))
    let weights = single(normals(e.n * width, 4), [e.n, width])
    let runs = Compute.onEveryInstructionSet { () -> (fused: [[Float]], apart: [[Float]]) in
      let packed = PreparedLowRank(
        weights, LowRankLayout(inputs: e.inputs, rank: e.rank, outputs: e.outputs, offset: 0))
      let shared = PreparedMatrix(matrix)
      var base = Tensor(zeros: [e.components, e.n, to])
      shared.multiply(
        MatrixView(x, leadingDimension: from), rows: e.components * e.n, bias: e.transposed ? nil : shift,
        biasedRows: e.n, into: &base)
      let apart = packed.product(x, components: e.components, transposed: e.transposed, adding: base)
      let fused = packed.product(
        x, components: e.components, transposed: e.transposed, adding: shared, shift: e.transposed ? nil : shift)
      return ([fused.y.floats(), fused.t.floats()], [apart.y.floats(), apart.t.floats()])
    }
    for (set, results) in runs {
      for result in results {
        #expect(result.fused == result.apart, "\(set)")
        #expect(result.fused == results[0].fused, "the number of threads changes the result on \(set)")
      }
    }
  }

  @Test(arguments: [([5, 40, 1], 33, 64), ([100, 200], 96, 64), ([200, 200, 200, 200], 130, 70)])
  func `outer products of several pairs are the sum of each one's`(_ rows: [Int], _ outputs: Int, _ inputs: Int) {
    let leading = inputs + 3
    let pairs = rows.enumerated().map { i, count in
      (
        g: single(normals(count * outputs, UInt64(2 * i)), [count, outputs]),
        x: single(normals(count * inputs, UInt64(2 * i + 1)), [count, inputs])
      )
    }
    let start = normals(outputs * leading, 99)
    var (expected, magnitudes) = (start, start.map { abs($0) })
    for (g, x) in pairs {
      let (g, x) = (g.doubles(), x.doubles())
      for row in 0..<(g.count / outputs) {
        for o in 0..<outputs {
          for i in 0..<inputs {
            let product = -0.5 * g[row * outputs + o] * x[row * inputs + i]
            expected[1 + o * leading + i] += product
            magnitudes[1 + o * leading + i] += abs(product)
          }
        }
      }
    }
    let runs = Compute.onEveryInstructionSet { () -> Tensor in
      var result = single(start, [outputs, leading])
      var sum = OuterProductSum(pairs, outputs: outputs, inputs: inputs)
      (sum.alpha, sum.resultOffset, sum.resultLeadingDimension) = (-0.5, 1, leading)
      addOuterProducts(sum, to: &result)
      return result
    }
    for (set, results) in runs {
      let errors = zip(results[0].doubles(), zip(expected, magnitudes)).map { abs($0 - $1.0) / $1.1 }
      #expect((errors.max() ?? 1) <= 1e-5, "\(set)")
      if set == .amx { for other in results.dropFirst() { #expect(other.floats() == results[0].floats()) } }
    }
  }
}
