import Kernels
import Tensors
import TestSupport
import Testing

/// Products with packed low-rank weights, and their gradients, against sums in double precision.
@Suite struct PackedLowRankTests {
  struct Example: CustomTestStringConvertible, Sendable {
    let (n, inputs, rank, outputs, components): (Int, Int, Int, Int, Int)
    var testDescription: String { "\(n) images, \(inputs)-\(rank)-\(outputs), \(components) components" }
    /// The weights begin some numbers into a row, and the row goes on behind them.
    var offset: Int { 5 }
    func layout(_ numerics: Numerics) -> LowRankLayout {
      var layout = LowRankLayout(inputs: inputs, rank: rank, outputs: outputs, offset: offset)
      layout.numerics = numerics
      return layout
    }
    var width: Int { offset + (inputs + outputs) * rank + outputs + 3 }
  }

  static let examples = [
    (1, 1, 1, 1, 1), (3, 5, 2, 7, 2), (2, 32, 4, 64, 2), (5, 33, 20, 31, 1), (3, 64, 20, 130, 3),
    (2, 100, 67, 48, 2), (4, 16, 5, 96, 5),
  ].map { Example(n: $0.0, inputs: $0.1, rank: $0.2, outputs: $0.3, components: $0.4) }

  /// (x U, addend + x U V + bias), or transposed (x V^T, addend + x V^T U^T).
  private func expected(
    _ e: Example, _ w: [Double], _ x: [Double], _ addend: [Double]?, transposed: Bool
  ) -> (t: [Double], y: [Double]) {
    let (from, to) = transposed ? (e.outputs, e.inputs) : (e.inputs, e.outputs)
    var t = [Double](repeating: 0, count: e.components * e.n * e.rank)
    var y = addend ?? [Double](repeating: 0, count: e.components * e.n * to)
    for row in 0..<(e.components * e.n) {
      let first = row % e.n * e.width + e.offset
      func u(_ i: Int, _ r: Int) -> Double { w[first + i * e.rank + r] }
      func v(_ r: Int, _ o: Int) -> Double { w[first + e.inputs * e.rank + r * e.outputs + o] }
      for r in 0..<e.rank {
        for i in 0..<from { t[row * e.rank + r] += x[row * from + i] * (transposed ? v(r, i) : u(i, r)) }
        for o in 0..<to { y[row * to + o] += t[row * e.rank + r] * (transposed ? u(o, r) : v(r, o)) }
      }
      guard row < e.n, !transposed else { continue }
      for o in 0..<to { y[row * to + o] += w[first + (e.inputs + e.outputs) * e.rank + o] }
    }
    return (t, y)
  }

  @Test(arguments: examples, [false, true])
  func `products are what their definition says`(_ e: Example, _ transposed: Bool) {
    let (from, to) = transposed ? (e.outputs, e.inputs) : (e.inputs, e.outputs)
    let w = normals(e.n * e.width, 1)
    let x = normals(e.components * e.n * from, 2)
    for addend in [nil, normals(e.components * e.n * to, 3)] {
      let expected = expected(e, w, x, addend, transposed: transposed)
      for (numerics, tolerance) in [(Numerics.full, 3e-6), (.mixed, 8e-3)] {
        let runs = Compute.onEveryInstructionSet {
          PreparedLowRank(single(w, [e.n, e.width]), e.layout(numerics)).product(
            single(x, [e.components, e.n, from]), components: e.components, transposed: transposed,
            adding: addend.map { single($0, [e.components, e.n, to]) })
        }
        for (set, results) in runs {
          #expect(relativeDifference(results[0].t, expected.t) <= tolerance, "t, \(numerics) on \(set)")
          #expect(relativeDifference(results[0].y, expected.y) <= tolerance, "y, \(numerics) on \(set)")
          for other in results.dropFirst() {
            #expect(other.y.floats() == results[0].y.floats() && other.t.floats() == results[0].t.floats())
          }
        }
      }
    }
  }

  @Test func `weights that bfloat16 holds give the same in full and mixed numerics`() {
    let e = Self.examples[4]
    let w = normals(e.n * e.width, 1).map { ($0 * 32).rounded() / 32 }
    let x = single(normals(e.components * e.n * e.inputs, 2), [e.components, e.n, e.inputs])
    for (_, results) in Compute.onEveryInstructionSet({
      Numerics.allCases.map { numerics in
        PreparedLowRank(single(w, [e.n, e.width]), e.layout(numerics)).product(x, components: e.components).y.floats()
      }
    }) {
      #expect(results[0][0] == results[0][1])
    }
  }

  @Test(arguments: examples)
  func `gradients add up over terms, components and scales`(_ e: Example) {
    // More rows than are summed at once.
    let terms = 23
    let scales = (0..<terms).map { 1 - 0.25 * Double($0 % 7) }
    let rows = e.components * e.n
    func draws(_ width: Int, _ kind: UInt64) -> [[Double]] {
      (0..<terms).map { normals(rows * width, 100 * kind + UInt64($0)) }
    }
    let (x, xu, g, gv) = (draws(e.inputs, 1), draws(e.rank, 2), draws(e.outputs, 3), draws(e.rank, 4))
    let before = normals(e.n * e.width, 5)
    var expected = before
    for term in 0..<terms {
      for row in 0..<rows {
        let first = row % e.n * e.width + e.offset
        for r in 0..<e.rank {
          let (a, b) = (scales[term] * gv[term][row * e.rank + r], scales[term] * xu[term][row * e.rank + r])
          for i in 0..<e.inputs { expected[first + i * e.rank + r] += x[term][row * e.inputs + i] * a }
          for o in 0..<e.outputs {
            expected[first + e.inputs * e.rank + r * e.outputs + o] += g[term][row * e.outputs + o] * b
          }
        }
        guard row < e.n else { continue }
        for o in 0..<e.outputs {
          expected[first + (e.inputs + e.outputs) * e.rank + o] += scales[term] * g[term][row * e.outputs + o]
        }
      }
    }
    for (set, results) in Compute.onEveryInstructionSet({
      [false, true].map { isFresh in
        var gradient = single(isFresh ? before.map { _ in .nan } : before, [e.n, e.width])
        let layer = LowRankGradientSum(
          e.layout(.full),
          terms: (0..<terms).map { term in
            LowRankTerm(
              x: single(x[term], [rows, e.inputs]), xu: single(xu[term], [rows, e.rank]),
              g: single(g[term], [rows, e.outputs]), gv: single(gv[term], [rows, e.rank]), components: e.components,
              scale: scales[term])
          })
        LowRankGradientSum.add([layer], to: &gradient, isFresh: isFresh)
        return gradient
      }
    }) {
      #expect(relativeDifference(results[0][0], expected) <= 3e-6, "\(set)")
      let alone = zip(expected, before).map { $0 - $1 }
      #expect(relativeDifference(results[0][1], alone) <= 3e-6, "\(set)")
      for other in results.dropFirst() {
        #expect(zip(other, results[0]).allSatisfy { $0.floats() == $1.floats() })
      }
    }
  }
}
