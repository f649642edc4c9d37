import Kernels
import Tensors
import TestSupport
import Testing

/// left^T matrix right for each of several matrices, against its definition.
@Suite struct BilinearFormTests {
  @Test(arguments: [(1, 1, 1), (3, 7, 5), (2, 9, 32), (2, 33, 70), (5, 64, 128)])
  func `forms are sums of products on every instruction set`(n: Int, rows: Int, columns: Int) {
    let (left, right) = (normals(n * rows, 1), normals(n * columns, 2))
    let matrices = normals(n * rows * columns, 3)
    let expected = (0..<n).map { s in
      (0..<rows).reduce(0.0) { sum, i in
        (0..<columns).reduce(sum) { sum, j in
          sum + left[s * rows + i] * matrices[(s * rows + i) * columns + j] * right[s * columns + j]
        }
      }
    }
    for set in Compute.InstructionSet.allCases {
      for (type, tolerance) in [(ElementType.float64, 1e-12), (.float32, 2e-5)] {
        let forms = Compute.with(set, threads: 2) {
          Tensor.bilinearForms(
            Tensor(left, shape: [n, rows]).converted(to: type),
            Tensor(matrices, shape: [n, rows, columns]).converted(to: type),
            Tensor(right, shape: [n, columns]).converted(to: type)
          ).doubles()
        }
        for (form, value) in zip(forms ?? expected, expected) {
          #expect(abs(form - value) <= tolerance * Double(rows * columns).squareRoot() * 4, "\(set), \(type)")
        }
      }
    }
  }
}
