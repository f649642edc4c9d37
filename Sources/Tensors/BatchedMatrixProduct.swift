import CKernels

/// A row-major matrix at an address, its rows `leading` numbers apart. The caller keeps its memory alive.
package struct MatrixAddress {
  let pointer: UnsafeRawPointer
  let leading: Int
  let transposed: Bool

  /// - Parameter transposed: Whether the product takes the matrix transposed.
  package init(_ pointer: UnsafeRawPointer, leading: Int, transposed: Bool = false) {
    self.pointer = pointer
    self.leading = leading
    self.transposed = transposed
  }

  /// All of a tensor's memory as one matrix with rows of its last axis.
  package init(_ tensor: Tensor, transposed: Bool = false) {
    self.init(tensor.address, leading: tensor.shape.last ?? 1, transposed: transposed)
  }

  init(_ view: MatrixView) {
    self.init(view.address, leading: view.leadingDimension, transposed: view.transposed)
  }
}

/// c = alpha a b + beta c for `rows` x `inner` times `inner` x `columns`, on the calling thread: for loops over many
/// small products, which are split over threads outside.
package func multiplySmallMatrices(
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

  /// x[row] * s for each row, number by number: self [..., n], s [n]
  package func scalingColumns(by s: Tensor) -> Tensor {
    let columns = s.count
    precondition(shape.last == columns, "scalingColumns: \(s.shape) for rows of \(shape)")
    let result = Tensor(uninitialized: shape, elementType)
    let kernels = elementType.kernels
    let stride = columns * elementType.byteCount
    Compute.parallel(count / max(columns, 1), cost: columns) { begin, end in
      for row in begin..<end {
        kernels.product_jet(
          0, 0, columns, 0, columns, address + row * stride, s.address, result.freshAddress + row * stride)
      }
    }
    withExtendedLifetime(s) {}
    return result
  }

  /// The last axis in reverse order.
  package func flippingLastAxis() -> Tensor {
    let columns = shape.last ?? 1
    guard count > 0 else { return self }
    let result = Tensor(uninitialized: shape, elementType)
    let rows = count / columns
    let kernels = elementType.kernels
    // A permutation whose innermost step is backward, from the last number of each row.
    Compute.parallel(rows, cost: columns) { begin, end in
      kernels.permute(
        [rows, 1, 1, columns], [columns, 0, 0, -1], begin, end,
        address + (columns - 1) * elementType.byteCount, result.freshAddress)
    }
    return result
  }
}
