import Tensors
import Testing

extension ProcessWideTests {
  @Suite struct ThreadTests {
    private func draw(_ shape: [Int], _ index: UInt64, _ type: ElementType) -> Tensor {
      let numbers = RandomStream(seed: 5, purpose: .test, step: index).normals(0..<shape.reduce(1, *))
      return Tensor(numbers, shape: shape).converted(to: type)
    }

    private func on<Result>(threads: Int, _ body: () -> Result) -> Result {
      let before = Compute.threads
      defer { Compute.threads = before }
      Compute.threads = threads
      return body()
    }

    @Test(arguments: [2, 3, 8])
    func `ranges over threads cover every item once`(_ threads: Int) {
      for count in [0, 1, 2, 7, 1000, 100_003] {
        let visits = on(threads: threads) {
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
      let (a, b) = (draw([301, 257], 0, type), draw([301, 257], 1, type))
      let row = draw([257], 2, type)
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
          a.scalingRows(by: a.rowDots(b)).doubles(), row.spread(over: 300).doubles(),
          Tensor.scaledErrorSquares(
            [(1, a), (2, b)], before: a, after: b, absoluteTolerance: 1, relativeTolerance: 1, samples: 301),
          RandomStream(seed: 1, purpose: .test).normals(3..<50_001).map { Double($0) },
        ]
      }
      #expect(on(threads: 1, results) == on(threads: 2, results))
    }

    @Test(arguments: ElementType.allCases)
    func `one thread and two agree to rounding in products`(_ type: ElementType) {
      let (a, b) = (draw([129, 257], 0, type), draw([257, 131], 1, type))
      let shape = ConvolutionShape(input: [4, 14, 14, 8], weights: [16, 8, 5, 5], stride: 1, padding: 2)
      let (x, w, g) = (
        draw(shape.inputShape, 2, type), draw(shape.weightShape, 3, type), draw(shape.outputShape, 4, type)
      )
      func results() -> [[Double]] {
        var product = Tensor(zeros: [129, 131], type)
        multiplyMatrices(MatrixView(a), MatrixView(b), rows: 129, columns: 131, inner: 257, into: &product)
        return [
          product.doubles(), Convolution.forward(x, w, shape).doubles(),
          Convolution.backwardInput(g, w, shape).doubles(),
          Convolution.backwardWeights(x, g, shape).doubles(),
        ]
      }
      for (one, two) in zip(on(threads: 1, results), on(threads: 2, results)) {
        let scale = one.map { abs($0) }.max() ?? 0
        let worst = zip(one, two).map { abs($0 - $1) }.max() ?? 0
        #expect(worst <= scale * (type == .float32 ? 1e-6 : 1e-14))
      }
    }
  }
}
