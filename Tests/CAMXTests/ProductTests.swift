import CAMX
import Testing

/// c = alpha op(a) op(b) + beta c + bias, against sums in double precision.
@Suite struct ProductTests {
  struct Example: CustomTestStringConvertible, Sendable {
    let (rows, columns, inner): (Int, Int, Int)
    let (first, second): (Bool, Bool)
    let (alpha, beta): (Float, Float)
    let isPacked: Bool
    var testDescription: String {
      "\(rows)x\(inner)\(first ? "^T" : "") \(inner)x\(columns)\(second ? "^T" : "") * \(alpha) + \(beta)"
        + (isPacked ? ", packed" : "")
    }
    var biasedRows: Int { isPacked ? rows * 2 / 3 : 0 }
    var lda: Int { (first ? rows : inner) + 2 }
    var ldb: Int { (second ? inner : columns) + 1 }
    var ldc: Int { columns + 3 }
  }

  /// Sizes that fill tiles and that do not; reductions in several packed blocks, and so long that they are summed in parts; so many
  /// columns that threads share them out. Each size with another way for the matrices to lie.
  static let examples: [Example] = {
    let all = [
      (1, 1, 1), (2, 3, 5), (15, 17, 31), (16, 16, 32), (17, 33, 33), (32, 32, 64), (33, 31, 65), (50, 64, 40),
      (21, 100, 70),
    ]
    let few = [
      (80, 130, 600, 1, true), (80, 130, 600, 2, false), (20, 72, 2100, 0, true), (20, 72, 2100, 3, false),
      (5, 40, 8200, 2, true), (17, 20, 8300, 1, false), (3, 11_800, 20, 3, true), (3, 11_800, 20, 0, false),
    ]
    let betas: [Float] = [0, 1, 0.5]
    func example(_ size: (Int, Int, Int), _ i: Int, _ way: Int, isPacked: Bool) -> Example {
      Example(
        rows: size.0, columns: size.1, inner: size.2, first: way & 1 == 1, second: way & 2 == 2,
        alpha: way == 2 ? -0.5 : 1, beta: betas[(i + way) % 3], isPacked: isPacked)
    }
    return all.enumerated().flatMap { i, size in (0..<8).map { example(size, i, $0 % 4, isPacked: $0 < 4) } }
      + few.enumerated().map { i, few in example((few.0, few.1, few.2), i, few.3, isPacked: few.4) }
  }()

  /// Matrices whose rows lie further apart than they are long; what lies between is no number.
  struct Matrices {
    let (a, b, c, bias): ([Float], [Float], [Float], [Float])

    init(_ e: Example) {
      func matrix(_ rows: Int, _ columns: Int, _ leading: Int, _ index: UInt64) -> [Float] {
        let numbers = draws(rows * columns, index)
        return (0..<(rows * leading)).map {
          $0 % leading < columns ? numbers[$0 / leading * columns + $0 % leading] : .nan
        }
      }
      a = e.first ? matrix(e.inner, e.rows, e.lda, 1) : matrix(e.rows, e.inner, e.lda, 1)
      b = e.second ? matrix(e.columns, e.inner, e.ldb, 2) : matrix(e.inner, e.columns, e.ldb, 2)
      // Without beta, what was there before must not matter.
      c = e.beta == 0 ? [Float](repeating: .nan, count: e.rows * e.ldc) : matrix(e.rows, e.columns, e.ldc, 3)
      bias = draws(e.columns, 4)
    }
  }

  private func product(
    _ functions: TileFunctions, _ e: Example, _ m: Matrices, parts: Int32, threads: Int32
  ) -> [Float] {
    let (a, b, c, bias) = (Memory(m.a), Memory(m.b), Memory(m.c), Memory(m.bias))
    var packed: Memory?
    if e.isPacked {
      let memory = Memory(byteCount: functions.packedSize(parts, e.inner, e.columns))
      functions.pack(parts, b.floats, e.ldb, e.second, e.inner, e.columns, memory.pointer, threads)
      #expect(memory.isIntact)
      packed = memory
    }
    var product = ck_tile_product(
      rows: e.rows, columns: e.columns, inner: e.inner, parts: parts, alpha: e.alpha, beta: e.beta, a: a.floats,
      a_leading: e.lda, a_transposed: e.first, b: e.isPacked ? nil : UnsafePointer(b.floats), b_leading: e.ldb,
      b_transposed: e.second, packed: packed.map { UnsafeRawPointer($0.pointer) },
      bias: e.isPacked ? UnsafePointer(bias.floats) : nil, biased_rows: e.biasedRows, c: c.floats, c_leading: e.ldc)
    withWorkspace(functions.workspace(&product, threads)) { functions.multiply(&product, $0, threads) }
    #expect(c.isIntact)
    withExtendedLifetime((a, b, packed, bias)) {}
    return c.numbers
  }

  private func expected(_ e: Example, _ m: Matrices) -> [Sum] {
    var sums = [Sum]()
    for i in 0..<e.rows {
      for j in 0..<e.columns {
        var sum = Sum()
        if e.beta != 0 { sum.add(Double(e.beta * m.c[i * e.ldc + j])) }
        if i < e.biasedRows { sum.add(Double(m.bias[j])) }
        for l in 0..<e.inner {
          let x = m.a[e.first ? l * e.lda + i : i * e.lda + l]
          let y = m.b[e.second ? j * e.ldb + l : l * e.ldb + j]
          sum.add(Double(e.alpha) * Double(x) * Double(y))
        }
        sums.append(sum)
      }
    }
    return sums
  }

  @Test(arguments: examples, [Int32(1), 2]) func `products equal sums of products`(_ e: Example, _ parts: Int32) {
    let m = Matrices(e)
    let result = product(.emulated, e, m, parts: parts, threads: 1)
    let inside = result.enumerated().filter { $0.offset % e.ldc < e.columns }.map(\.element)
    let error = worstError(inside, expected(e, m))
    #expect(error <= tolerance(parts: parts, inner: e.inner))
    // Were numbers not rounded, one part would be as good as two.
    if parts == 1 && e.inner * e.rows > 100 { #expect(error > 1e-5) }
    #expect(zip(result, m.c).enumerated().allSatisfy { $0 % e.ldc < e.columns || ($1.0.isNaN && $1.1.isNaN) })
    for threads: Int32 in [2, 3] {
      #expect(product(.emulated, e, m, parts: parts, threads: threads).bits == result.bits, "\(threads) threads")
    }
  }

  @Test(.needsTiles, arguments: examples, [Int32(1), 2])
  func `the processor's products are the same`(_ e: Example, _ parts: Int32) {
    let m = Matrices(e)
    let result = product(.emulated, e, m, parts: parts, threads: 1)
    for threads: Int32 in [1, 2, 3] {
      #expect(product(.processor, e, m, parts: parts, threads: threads).bits == result.bits, "\(threads) threads")
    }
  }

  @Test(arguments: examples.filter(\.isPacked))
  func `packed or not, the numbers are the same`(_ e: Example) {
    let m = Matrices(e)
    let packed = product(.emulated, e, m, parts: 2, threads: 2)
    let plain = Example(
      rows: e.rows, columns: e.columns, inner: e.inner, first: e.first, second: e.second, alpha: e.alpha, beta: e.beta,
      isPacked: false)
    // Without a bias: in the rows that have none.
    let numbers = product(.emulated, plain, m, parts: 2, threads: 1)
    let unbiased = (e.biasedRows * e.ldc)...
    #expect(Array(packed[unbiased]).bits == Array(numbers[unbiased]).bits)
  }

  /// A result of 8 MiB or more is written past the caches, but only where its rows are whole lines of memory.
  @Test(arguments: [0, 3]) func `a large result equals its parts`(_ between: Int) {
    let (rows, columns, inner) = (48, 43_712, 9)
    let leading = columns + between
    let (a, b) = (Memory(draws(rows * inner, 1)), Memory(draws(columns * inner, 2)))
    func product(_ rows: Range<Int>, _ threads: Int32) -> [Float] {
      let c = Memory(byteCount: 4 * rows.count * leading)
      var product = ck_tile_product(
        rows: rows.count, columns: columns, inner: inner, parts: 1, alpha: 1, beta: 0,
        a: a.floats + rows.lowerBound * inner, a_leading: inner, a_transposed: false, b: UnsafePointer(b.floats),
        b_leading: inner, b_transposed: true, packed: nil, bias: nil, biased_rows: 0, c: c.floats, c_leading: leading)
      withWorkspace(TileFunctions.emulated.workspace(&product, threads)) {
        TileFunctions.emulated.multiply(&product, $0, threads)
      }
      #expect(c.isIntact)
      return c.numbers
    }
    let whole = product(0..<rows, 2)
    #expect(Array(whole[(20 * leading)..<(40 * leading)]).bits == product(20..<40, 1).bits)
    let some = (0..<2000).map { (row: $0 * 7 % rows, column: $0 * 1049 % columns) }
    let expected = some.map { row, column -> Sum in
      var sum = Sum()
      for l in 0..<inner { sum.add(Double(a.floats[row * inner + l]) * Double(b.floats[column * inner + l])) }
      return sum
    }
    let error = worstError(some.map { whole[$0 * leading + $1] }, expected)
    #expect(error <= tolerance(parts: 1, inner: inner))
  }

  @Test(arguments: [Float.nan, .infinity, 3.4e38]) func `a number that is none shows in its row only`(_ bad: Float) {
    var numbers = draws(40 * 48, 1)
    numbers[5 * 48 + 7] = bad
    let (a, b, c) = (Memory(numbers), Memory(draws(48 * 20, 2)), Memory(byteCount: 4 * 40 * 20))
    var product = ck_tile_product(
      rows: 40, columns: 20, inner: 48, parts: 2, alpha: 1, beta: 0, a: a.floats, a_leading: 48, a_transposed: false,
      b: UnsafePointer(b.floats), b_leading: 20, b_transposed: false, packed: nil, bias: nil, biased_rows: 0,
      c: c.floats, c_leading: 20)
    withWorkspace(TileFunctions.emulated.workspace(&product, 1)) { TileFunctions.emulated.multiply(&product, $0, 1) }
    for (i, number) in c.numbers.enumerated() { #expect(i / 20 == 5 ? number.isNaN : number.isFinite) }
    withExtendedLifetime((a, b)) {}
  }

  @Test func `a product of nothing leaves the result as it is`() {
    let c = Memory([1, 2, 3])
    var product = ck_tile_product(
      rows: 0, columns: 3, inner: 4, parts: 2, alpha: 1, beta: 0, a: c.floats, a_leading: 4, a_transposed: false,
      b: UnsafePointer(c.floats), b_leading: 3, b_transposed: false, packed: nil, bias: nil, biased_rows: 0,
      c: c.floats, c_leading: 3)
    withWorkspace(TileFunctions.emulated.workspace(&product, 2)) { TileFunctions.emulated.multiply(&product, $0, 2) }
    #expect(c.numbers == [1, 2, 3])
  }
}
