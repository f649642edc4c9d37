import CKernels
import Profiling
import Tensors

/// A row-major matrix at an address, its rows `leading` numbers apart. The caller keeps its memory alive.
struct MatrixAddress {
  let pointer: UnsafeRawPointer
  let leading: Int
  let transposed: Bool

  /// - Parameter transposed: Whether the product takes the matrix transposed.
  init(_ pointer: UnsafeRawPointer, leading: Int, transposed: Bool = false) {
    self.pointer = pointer
    self.leading = leading
    self.transposed = transposed
  }

  /// All of a tensor's memory as one matrix with rows of its last axis.
  init(_ tensor: Tensor, transposed: Bool = false) {
    self.init(tensor.address, leading: tensor.shape.last ?? 1, transposed: transposed)
  }

  init(_ view: MatrixView) {
    self.init(view.address, leading: view.leadingDimension, transposed: view.transposed)
  }
}

/// c = alpha a b + beta c for `rows` x `inner` times `inner` x `columns`, on the calling thread: for loops over many
/// small products, which are split over threads outside.
func multiplySmallMatrices(
  _ type: ElementType, _ a: MatrixAddress, _ b: MatrixAddress, rows: Int, columns: Int, inner: Int,
  alpha: Double = 1, beta: Double = 0, into c: UnsafeMutableRawPointer, leading: Int
) {
  guard rows > 0, columns > 0 else { return }
  switch type {
  case .float32:
    multiplyOnOneThread(
      a, b, rows: rows, columns: columns, inner: inner, alpha: alpha, beta: beta, into: c, leading: leading)
  case .float64:
    type.kernels.gemm(
      a.transposed, b.transposed, 0, rows, columns, inner, alpha, a.pointer, a.leading, b.pointer, b.leading,
      beta, c, leading)
  }
}

extension Tensor {
  /// c_s = op(a_s) op(b_s) for each s of the first axis: a [n, ., .], b [n, ., .] -> [n, rows, columns]; `op` transposes
  /// where asked.
  package static func batchedProduct(
    _ a: Tensor, _ b: Tensor, transposingFirst ta: Bool = false, transposingSecond tb: Bool = false
  ) -> Tensor {
    precondition(
      a.rank == 3 && b.rank == 3 && a.shape[0] == b.shape[0] && b.shape[tb ? 2 : 1] == a.shape[ta ? 1 : 2]
        && a.elementType == b.elementType,
      "batched product: shapes \(a.shape)\(ta ? " transposed" : "") and \(b.shape)\(tb ? " transposed" : "")")
    let rows = a.shape[ta ? 2 : 1]
    let inner = a.shape[ta ? 1 : 2]
    let columns = b.shape[tb ? 1 : 2]
    let type = a.elementType
    let size = type.byteCount
    Profiler.count(
      operations: 2 * a.count * columns, bytes: (a.count + b.count + a.shape[0] * rows * columns) * size)
    let c = Tensor(uninitialized: [a.shape[0], rows, columns], type)
    Compute.parallel(a.shape[0], cost: rows * columns * inner) { begin, end in
      for s in begin..<end {
        multiplySmallMatrices(
          type,
          MatrixAddress(a.address + s * rows * inner * size, leading: a.shape[2], transposed: ta),
          MatrixAddress(b.address + s * inner * columns * size, leading: b.shape[2], transposed: tb),
          rows: rows, columns: columns, inner: inner, into: c.freshAddress + s * rows * columns * size,
          leading: columns)
      }
    }
    withExtendedLifetime((a, b)) {}
    return c
  }

  /// left_s^T matrix_s right_s for each s: left [n, rows], matrices [n, rows, columns], right [n, columns] -> [n]
  package static func bilinearForms(_ left: Tensor, _ matrices: Tensor, _ right: Tensor) -> Tensor {
    let (n, rows, columns) = (matrices.shape[0], matrices.shape[1], matrices.shape[2])
    let type = matrices.elementType
    precondition(
      left.shape == [n, rows] && right.shape == [n, columns] && left.elementType == type && right.elementType == type,
      "bilinear forms: \(left.shape), \(matrices.shape), \(right.shape)")
    let forms = Tensor(uninitialized: [n], type)
    Profiler.count(operations: 2 * matrices.count, bytes: matrices.count * type.byteCount)
    Compute.parallel(n, cost: rows * columns) { begin, end in
      type.kernels.bilinear_form(
        rows, columns, begin, end, left.address, matrices.address, right.address, forms.freshAddress)
    }
    withExtendedLifetime((left, right)) {}
    return forms
  }
}

extension Tensor {
  /// alpha op(a) op(b) + beta c of matrices, on the calling thread: for loops over many small matrices, which are split over
  /// threads outside.
  package static func smallProduct(
    _ a: Tensor, _ b: Tensor, transposingFirst ta: Bool = false, alpha: Double = 1, beta: Double = 0,
    adding c: Tensor? = nil
  ) -> Tensor {
    let (rows, inner, columns) = (a.shape[ta ? 1 : 0], a.shape[ta ? 0 : 1], b.shape[1])
    precondition(
      a.rank == 2 && b.rank == 2 && b.shape[0] == inner && a.elementType == b.elementType
        && c.map { $0.shape == [rows, columns] && $0.elementType == a.elementType } ?? true,
      "small product: \(a.shape)\(ta ? " transposed" : "") and \(b.shape) to \(c?.shape ?? [rows, columns])")
    var result = c ?? Tensor(uninitialized: [rows, columns], a.elementType)
    result.withMutableBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      multiplySmallMatrices(
        a.elementType, MatrixAddress(a, transposed: ta), MatrixAddress(b), rows: rows, columns: columns, inner: inner,
        alpha: alpha, beta: c == nil ? 0 : beta, into: base, leading: columns)
    }
    withExtendedLifetime((a, b)) {}
    return result
  }
}
