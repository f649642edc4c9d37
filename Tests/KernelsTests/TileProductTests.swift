import Kernels
import Tensors
import TestSupport
import Testing

/// Products in bfloat16 parts against double precision, on matrix tiles and where there are none.
@Suite struct TileProductTests {
  /// The greatest error that a kind of product may have, in parts of the sum of the products' magnitudes.
  private func tolerance(_ numerics: Numerics, inner: Int, on set: Compute.InstructionSet) -> Double {
    if numerics == .mixed, set.hasBFloat16 { return 8.2e-3 }
    return set != .amx ? 2e-6 : max(2e-6, 5e-5 / Double(inner).squareRoot())
  }

  struct Example: CustomTestStringConvertible, Sendable {
    let (rows, columns, inner): (Int, Int, Int)
    let (first, second): (Bool, Bool)
    let (alpha, beta): (Double, Double)
    var testDescription: String {
      "\(rows)x\(inner)\(first ? "^T" : "") \(inner)x\(columns)\(second ? "^T" : "") * \(alpha) + \(beta)"
    }
  }

  /// Sizes that fill tiles and that do not, and reductions so long that they are summed in parts; each with another
  /// way for the matrices to lie.
  static let examples: [Example] = {
    let sizes = [
      (1, 1, 1), (2, 3, 5), (15, 17, 31), (16, 16, 32), (17, 33, 33), (32, 32, 64), (33, 31, 65),
      (48, 64, 512), (100, 129, 96), (200, 64, 100), (61, 300, 700), (40, 24, 2100), (3, 2000, 40),
      (20, 200, 3100), (72, 40, 1100), (20, 40, 8200), (7, 100, 9001), (2, 300, 8300),
    ]
    let betas = [0.0, 1, 0.5]
    return sizes.enumerated().flatMap { i, size in
      (0..<4).map { way in
        Example(
          rows: size.0, columns: size.1, inner: size.2, first: way & 1 == 1, second: way & 2 == 2,
          alpha: way == 2 ? -0.5 : 1, beta: betas[(i + way) % 3])
      }
    }
  }()

  private struct Matrices {
    let (a, b, c, bias): ([Double], [Double], [Double], [Double])
    let (lda, ldb, ldc): (Int, Int, Int)
  }

  private static let (aOffset, bOffset, cOffset) = (3, 1, 2)

  private func matrices(_ e: Example) -> Matrices {
    let (lda, ldb, ldc) = ((e.first ? e.rows : e.inner) + 2, (e.second ? e.inner : e.columns) + 1, e.columns + 3)
    return Matrices(
      a: normals(Self.aOffset + (e.first ? e.inner : e.rows) * lda, 1),
      b: normals(Self.bOffset + (e.second ? e.columns : e.inner) * ldb, 2),
      c: normals(Self.cOffset + e.rows * ldc, 3), bias: normals(e.columns, 4), lda: lda, ldb: ldb, ldc: ldc)
  }

  /// - Parameter isEager: Whether the matrix is packed for its first use already.
  private func product(
    _ e: Example, _ m: Matrices, _ numerics: Numerics, isEager: Bool, biasedRows: Int
  ) -> [Double] {
    var result = single(m.c)
    let a = MatrixView(single(m.a), offset: Self.aOffset, leadingDimension: m.lda, transposed: e.first)
    let b = MatrixView(single(m.b), offset: Self.bOffset, leadingDimension: m.ldb, transposed: e.second)
    PreparedMatrix(b, inner: e.inner, columns: e.columns, numerics: numerics, isEager: isEager).multiply(
      a, rows: e.rows, alpha: e.alpha, beta: e.beta, bias: single(m.bias), biasedRows: biasedRows,
      into: &result, resultOffset: Self.cOffset, resultLeadingDimension: m.ldc)
    return result.doubles()
  }

  /// The greatest error in parts of the sum of magnitudes; infinite if what lies between the rows was written.
  private func error(_ result: [Double], _ e: Example, _ m: Matrices, biasedRows: Int) -> Double {
    var worst = 0.0
    var expected = m.c.map { (value: $0, magnitude: 0.0) }
    for i in 0..<e.rows {
      for j in 0..<e.columns {
        let at = Self.cOffset + i * m.ldc + j
        let bias = i < biasedRows ? m.bias[j] : 0
        var value = e.beta * m.c[at] + bias
        var magnitude = abs(e.beta * m.c[at]) + abs(bias)
        for l in 0..<e.inner {
          let x = m.a[Self.aOffset + (e.first ? l * m.lda + i : i * m.lda + l)]
          let y = m.b[Self.bOffset + (e.second ? j * m.ldb + l : l * m.ldb + j)]
          value += e.alpha * x * y
          magnitude += abs(e.alpha * x * y)
        }
        expected[at] = (value, magnitude)
      }
    }
    for (x, (value, magnitude)) in zip(result, expected) where x != Double(Float(value)) {
      let error = abs(x - value) / magnitude
      worst = error <= worst ? worst : error.isNaN ? .infinity : error
    }
    return worst
  }

  @Test(arguments: examples, Numerics.allCases)
  func `products equal sums of products on every instruction set`(
    _ example: Example, _ numerics: Numerics
  ) throws {
    let m = matrices(example)
    for set in Compute.InstructionSet.allCases {
      for packed in [false, true] {
        let biasedRows = example.rows * 2 / 3
        let results = [1, 2, 3].compactMap { threads in
          Compute.with(set, threads: threads) {
            product(example, m, numerics, isEager: packed, biasedRows: biasedRows)
          }
        }
        guard let first = results.first else { continue }
        let worst = error(first, example, m, biasedRows: biasedRows)
        #expect(
          worst <= tolerance(numerics, inner: example.inner, on: set), "\(set), packed: \(packed): off by \(worst)")
        #expect(results[1] == first && results[2] == first, "the number of threads changes the result")
      }
    }
  }

  @Test(.needsTiles) func `the two kinds are as accurate as they say and no better`() throws {
    let example = Example(
      rows: 64, columns: 64, inner: 512, first: false, second: false, alpha: 1, beta: 0)
    let m = matrices(example)
    let measured = Compute.with(.amx, threads: 1) {
      [Numerics.mixed, .full].map {
        error(product(example, m, $0, isEager: true, biasedRows: 0), example, m, biasedRows: 0)
      }
    }
    let errors = try #require(measured)
    // Were tiles not used at all, mixed would be as good as full.
    #expect((1e-4...8e-3).contains(errors[0]))
    #expect((1e-8...4e-6).contains(errors[1]))
  }

  @Test(.needsTiles) func `rows do not depend on the rows beside them`() throws {
    let (a, w) = (normals(77 * 96, 1), normals(96 * 80, 2))
    let products = Compute.with(.amx, threads: 2) {
      let b = PreparedMatrix(Tensor(w.map { Float($0) }, shape: [96, 80]))
      let x = Tensor(a.map { Float($0) }, shape: [77, 96])
      return (Tensor.matrixProduct(x, b), Tensor.matrixProduct(x.leading(30..<47), b))
    }
    let results = try #require(products)
    #expect(results.0.leading(30..<47).floats() == results.1.floats())
  }

  /// A result of 8 MiB or more, its rows at whole lines of the cache, is written past the caches.
  @Test(arguments: Numerics.allCases)
  func `a large result equals its parts, and the sums of products`(_ numerics: Numerics) {
    let (rows, columns, inner) = (40, 53_248, 36)
    let (a, w, bias) = (normals(rows * inner, 1), normals(columns * inner, 2), normals(columns, 3))
    for (set, results) in Compute.onEveryInstructionSet({ () -> [Tensor] in
      let x = Tensor(a.map { Float($0) }, shape: [rows, inner])
      let weights = PreparedMatrix(
        MatrixView(Tensor(w.map { Float($0) }, shape: [columns, inner]), transposed: true), inner: inner,
        columns: columns, numerics: numerics, isEager: false)
      let b = Tensor(bias.map { Float($0) }, shape: [columns])
      return [
        Tensor.matrixProduct(x, weights, bias: b), Tensor.matrixProduct(x.leading(24..<40), weights, bias: b),
      ]
    }) {
      let whole = results[0][0].floats()
      for result in results {
        #expect(result[0].floats() == whole, "\(set): the number of threads changes the result")
        if set == .amx { #expect(result[1].floats() == Array(whole[(24 * columns)...]), "\(set)") }
      }
      var worst = 0.0
      for (i, j) in (0..<rows).flatMap({ i in stride(from: i, to: columns, by: 97).map { (i, $0) } }) {
        let terms = (0..<inner).map { a[i * inner + $0] * w[j * inner + $0] } + [bias[j]]
        let error = abs(Double(whole[i * columns + j]) - terms.reduce(0, +))
        worst = max(worst, error / terms.reduce(0) { $0 + abs($1) })
      }
      #expect(worst <= tolerance(numerics, inner: inner, on: set), "\(set): off by \(worst)")
    }
  }

  @Test(.needsTiles, arguments: examples)
  func `packed or not, the numbers are the same`(_ example: Example) throws {
    let m = matrices(example)
    let products = Compute.with(.amx, threads: 2) {
      [false, true].map {
        product(example, m, .full, isEager: $0, biasedRows: example.rows * 2 / 3)
      }
    }
    let results = try #require(products)
    #expect(results[0] == results[1])
  }

  @Test func `what is packed is kept until the numbers change`() {
    for set in Compute.InstructionSet.allCases {
      _ = Compute.with(set, threads: 1) {
        var w = Tensor(repeating: 1, shape: [64, 32])
        let x = Tensor(repeating: 1, shape: [2, 64])
        func product() -> Float {
          Tensor.matrixProduct(x, PreparedMatrix(w)).floats()[5]
        }
        #expect(product() == 64 && product() == 64)
        w.add(Tensor(repeating: 1, shape: [64, 32]))
        #expect(product() == 128)
      }
    }
  }

  @Test func `without beta, what the result held before does not matter`() {
    for set in Compute.InstructionSet.allCases {
      _ = Compute.with(set, threads: 1) {
        let a = Tensor(repeating: 2, shape: [40, 40])
        var result = Tensor(repeating: .nan, shape: [40, 40])
        let b = PreparedMatrix(a)
        b.multiply(MatrixView(a), rows: 40, into: &result)
        #expect(result.floats().allSatisfy { $0 == 160 })
      }
    }
  }

  @Test func `a number that is not finite shows in its row only`() {
    for set in Compute.InstructionSet.allCases {
      for bad in [Double.nan, .infinity] {
        _ = Compute.with(set, threads: 1) {
          var numbers = normals(40 * 48, 1)
          numbers[5 * 48 + 7] = bad
          let b = PreparedMatrix(Tensor(repeating: 1, shape: [48, 20]))
          let y = Tensor.matrixProduct(Tensor(numbers.map { Float($0) }, shape: [40, 48]), b).floats()
          for (i, value) in y.enumerated() { #expect(value.isFinite == (i / 20 != 5)) }
        }
      }
    }
  }
}

extension Trait where Self == ConditionTrait {
  /// For tests of what matrix tiles alone do.
  static var needsTiles: Self {
    .enabled(if: Compute.with(.amx) { true } == true, "this processor has no matrix tiles (AMX)")
  }
}
