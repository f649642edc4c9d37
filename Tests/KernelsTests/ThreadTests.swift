import Kernels
import Randomness
import Tensors
import TestSupport
import Testing

@Suite struct ThreadTests {
  @Test(arguments: [2, 3, 8])
  func `ranges over threads cover every item once`(_ threads: Int) {
    for count in [0, 1, 2, 7, 1000, 100_003] {
      let visits = Compute.with(threads: threads) {
        [Int](unsafeUninitializedCapacity: count) { buffer, initialized in
          buffer.initialize(repeating: 0)
          nonisolated(unsafe) let buffer = buffer
          Compute.parallel(count, cost: 1 << 20) { begin, end in
            for i in begin..<end { buffer[i] += 1 }
          }
          initialized = count
        }
      }
      #expect(visits == Array(repeating: 1, count: count))
    }
  }

  @Test(arguments: ElementType.allCases)
  func `one thread and two agree to the last bit where no sum is split`(_ type: ElementType) {
    let (a, b) = (normals([301, 257], 0, type), normals([301, 257], 1, type))
    let row = normals([257], 2, type)
    func results() -> [[Double]] {
      var sums = row
      sums.addColumnSums(of: a, rows: 301)
      var added = a
      added.add(b, scale: 0.5)
      row.addToRows(301, of: &added)
      return [
        Tensor.linearCombination([(0.5, a), (-2, b)]).doubles(), a.sumOfLastAxis().doubles(),
        sums.doubles(),
        a.rowDots(b).doubles(), added.doubles(), a.permuted([1, 0]).doubles(),
        a.scalingRows(by: a.rowDots(b)).doubles(), row.broadcast(over: 300).doubles(),
        Tensor.scaledErrorSquares(
          [(1, a), (2, b)], before: a, after: b, absoluteTolerance: 1, relativeTolerance: 1, samples: 301),
        RandomStream(seed: 1, purpose: .test).normals(3..<50_001).map { Double($0) },
      ]
    }
    #expect(Compute.with(threads: 1, results) == Compute.with(threads: 2, results))
  }

  /// Rows, length of the sums, columns: wide, tall, of long sums, of a few operations, and odd.
  static let products = [
    (200, 512, 512), (512, 200, 700), (200, 512, 64), (100, 5000, 48), (1100, 90, 256), (129, 257, 131), (7, 300, 3),
    (1, 40_000, 1), (600, 30, 600),
  ]

  private static let productCases = products.flatMap { sizes in
    // The large ones in single precision alone.
    ElementType.allCases.filter { $0 == .float32 || sizes.0 * sizes.1 * sizes.2 < 1 << 23 }.map { ($0, sizes) }
  }

  @Test(arguments: productCases)
  func `products have the same bits on one, two and three threads`(
    _ type: ElementType, _ sizes: (rows: Int, inner: Int, columns: Int)
  ) {
    let (rows, inner, columns) = sizes
    let (a, b) = (normals([rows, inner], 0, type), normals([inner, columns], 1, type))
    let (at, bt) = (a.permuted([1, 0]), b.permuted([1, 0]))
    func results() -> [[Double]] {
      [(false, false), (true, false), (false, true), (true, true)].map { ta, tb in
        // Into the middle columns of a wider matrix of ones, half of which stay.
        var c = Tensor(repeating: 1, shape: [rows, columns + 5]).converted(to: type)
        multiplyMatrices(
          MatrixView(ta ? at : a, transposed: ta), MatrixView(tb ? bt : b, transposed: tb), rows: rows,
          columns: columns, inner: inner, alpha: 0.5, beta: 0.5, into: &c, resultOffset: 2,
          resultLeadingDimension: columns + 5)
        return c.doubles()
      }
    }
    let one = Compute.with(threads: 1, results)
    for threads in [2, 3] { #expect(Compute.with(threads: threads, results) == one) }

    // And they are products.
    let (x, y) = (a.doubles(), b.doubles())
    let bound = type == .float32 ? 1e-6 * Double(inner) : 1e-13 * Double(inner)
    for (i, j) in [(0, 0), (rows - 1, columns - 1), (rows / 2, columns / 3)] {
      let sum = (0..<inner).reduce(0.0) { $0 + x[i * inner + $1] * y[$1 * columns + j] }
      for c in one { #expect(abs(c[i * (columns + 5) + 2 + j] - (0.5 * sum + 0.5)) < bound) }
    }
    for c in one { #expect(c[1] == 1 && c[columns + 2] == 1) }
  }

  @Test(arguments: [1, 4, 21, 45].map { (ElementType.float32, $0) } + [(.float64, 4)])
  func `convolutions have the same bits on one, two and three threads`(_ type: ElementType, _ batch: Int) {
    for (channels, stride) in [(16, 1), (40, 2), (1, 1)] {
      let shape = ConvolutionShape(
        input: [batch, 14, 12, channels], weights: [48, channels, 5, 5], stride: stride, padding: 2)
      let (x, w, g) = (
        normals(shape.inputShape, 2, type), normals(shape.weightShape, 3, type), normals(shape.outputShape, 4, type)
      )
      func results() -> [[Double]] {
        [
          Backends.current.convolution(x, w, shape, .full).doubles(),
          Backends.current.transposedConvolution(g, w, shape, .full).doubles(),
          Backends.current.convolutionWeights(x, g, shape, .full).doubles(),
        ]
      }
      let one = Compute.with(threads: 1, results)
      for threads in [2, 3] { #expect(Compute.with(threads: threads, results) == one) }
    }
  }

  @Test func `many small products have the same bits on one, two and three threads`() {
    // The first are done where they are asked for, the second over the threads.
    for (count, size) in [(2, 64), (40, 64)] {
      let (a, b) = (normals([count, 300, size], 0, .float32), normals([count, 300, size], 1, .float32))
      func results() -> [Double] { Tensor.batchedProduct(a, b, transposingFirst: true).doubles() }
      let one = Compute.with(threads: 1, results)
      for threads in [2, 3] { #expect(Compute.with(threads: threads, results) == one) }
    }
  }
}
