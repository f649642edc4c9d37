import Kernels
import Randomness
import Tensors
import TestSupport
import Testing

@Suite struct MatrixProductTests {
  struct Sizes: CustomTestStringConvertible, Sendable {
    let rows: Int
    let columns: Int
    let inner: Int
    var testDescription: String { "\(rows)x\(inner) times \(inner)x\(columns)" }
  }

  static let sizes = [(1, 1, 1), (3, 4, 5), (7, 1, 9), (1, 13, 2), (17, 33, 64), (100, 20, 65)].map {
    Sizes(rows: $0, columns: $1, inner: $2)
  }

  /// Whether each factor is transposed, and the factors of the product and of what was there before.
  private static let cases: [(Bool, Bool, Double, Double)] = [false, true].flatMap { ta in
    [false, true].flatMap { tb in [(1.0, 0.0), (1, 1), (-0.5, 2)].map { (ta, tb, $0.0, $0.1) } }
  }

  @Test(arguments: sizes, ElementType.allCases)
  func `products equal sums of products, however the matrices lie`(_ sizes: Sizes, _ type: ElementType) {
    let (m, n, k) = (sizes.rows, sizes.columns, sizes.inner)
    for (ta, tb, alpha, beta) in Self.cases {
      // Each matrix lies some numbers into its tensor, its rows further apart than they are long.
      let (aOffset, bOffset, cOffset) = (3, 1, 2)
      let (lda, ldb, ldc) = ((ta ? m : k) + 2, (tb ? k : n) + 1, n + 3)
      let a = normals(aOffset + (ta ? k : m) * lda, 1)
      let b = normals(bOffset + (tb ? n : k) * ldb, 2)
      let c = normals(cOffset + m * ldc, 3)
      var expected = c
      var magnitude = 0.0
      for i in 0..<m {
        for j in 0..<n {
          var (sum, size) = (0.0, 0.0)
          for l in 0..<k {
            let x = a[aOffset + (ta ? l * lda + i : i * lda + l)]
            let y = b[bOffset + (tb ? j * ldb + l : l * ldb + j)]
            sum += x * y
            size += abs(x * y)
          }
          expected[cOffset + i * ldc + j] = alpha * sum + beta * c[cOffset + i * ldc + j]
          magnitude = max(magnitude, abs(alpha) * size + abs(beta * c[cOffset + i * ldc + j]))
        }
      }
      var result = Tensor(c, shape: [c.count]).converted(to: type)
      multiplyMatrices(
        MatrixView(
          Tensor(a, shape: [a.count]).converted(to: type), offset: aOffset, leadingDimension: lda,
          transposed: ta),
        MatrixView(
          Tensor(b, shape: [b.count]).converted(to: type), offset: bOffset, leadingDimension: ldb,
          transposed: tb),
        rows: m, columns: n, inner: k, alpha: alpha, beta: beta, into: &result, resultOffset: cOffset,
        resultLeadingDimension: ldc)
      let bound = magnitude * (type == .float32 ? 1e-6 : 1e-15) * 2
      let worst = zip(result.doubles(), expected).map { abs($0 - $1) }.max() ?? 0
      // What lies between the rows of the result stays as it was, so all of it is compared.
      #expect(worst <= bound, "\(ta) \(tb) \(alpha) \(beta): off by \(worst)")
    }
  }

  @Test(arguments: ElementType.allCases)
  func `without beta, what the result held before does not matter`(_ type: ElementType) {
    var result = Tensor(repeating: .nan, shape: [2, 2], type)
    let a = Tensor([1.0, 2, 3, 4], shape: [2, 2]).converted(to: type)
    multiplyMatrices(MatrixView(a), MatrixView(a), rows: 2, columns: 2, inner: 2, into: &result)
    #expect(result.doubles() == [7, 10, 15, 22])
  }

  @Test(arguments: ElementType.allCases)
  func `a product into a shared tensor leaves the other as it was`(_ type: ElementType) {
    let a = Tensor([1.0, 2, 3, 4], shape: [2, 2]).converted(to: type)
    var result = a
    multiplyMatrices(MatrixView(a), MatrixView(a), rows: 2, columns: 2, inner: 2, beta: 1, into: &result)
    #expect(a.doubles() == [1, 2, 3, 4])
    #expect(result.doubles() == [8, 12, 18, 26])
  }

  @Test(arguments: ElementType.allCases)
  func `a product over nothing is zero`(_ type: ElementType) {
    var result = Tensor(repeating: 5, shape: [2, 3], type)
    multiplyMatrices(
      MatrixView(Tensor(zeros: [2, 0], type)), MatrixView(Tensor(zeros: [0, 3], type)), rows: 2, columns: 3,
      inner: 0, into: &result)
    #expect(result.doubles() == [0, 0, 0, 0, 0, 0])
  }
}
