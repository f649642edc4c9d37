import CKernels

/// A matrix inside a tensor's memory: rows `leadingDimension` apart, beginning `offset` elements in.
package struct MatrixView: Sendable {
  let tensor: Tensor
  let offset: Int
  let leadingDimension: Int
  let transposed: Bool

  /// - Parameter transposed: Whether the product takes the matrix transposed.
  package init(_ tensor: Tensor, offset: Int = 0, leadingDimension: Int? = nil, transposed: Bool = false) {
    self.tensor = tensor
    self.offset = offset
    self.leadingDimension = leadingDimension ?? tensor.shape.last ?? 1
    self.transposed = transposed
  }

  var address: UnsafeRawPointer { tensor.address + offset * tensor.elementType.byteCount }
}

/// result = alpha a b + beta result, for `rows` x `inner` times `inner` x `columns`: the same bits on any number of threads.
///
/// - Parameters:
///   - resultOffset: Where the result begins, in elements.
///   - resultLeadingDimension: How far apart its rows are.
package func multiplyMatrices(
  _ a: MatrixView, _ b: MatrixView, rows: Int, columns: Int, inner: Int, alpha: Double = 1, beta: Double = 0,
  into result: inout Tensor, resultOffset: Int = 0, resultLeadingDimension: Int? = nil
) {
  precondition(
    a.tensor.elementType == b.tensor.elementType && a.tensor.elementType == result.elementType,
    "matrix product: element types differ")
  guard rows > 0, columns > 0 else { return }
  let type = result.elementType
  Profiler.count(
    operations: 2 * rows * columns * inner,
    bytes: (rows * inner + inner * columns + rows * columns) * type.byteCount)
  let resultLeading = resultLeadingDimension ?? columns
  result.withMutableBytes { bytes in
    guard let base = bytes.baseAddress else { return }
    let c = base + resultOffset * type.byteCount
    switch type {
    case .float32 where inner > 0:
      ProductPieces(rows: rows, columns: columns, inner: inner).multiply(
        MatrixAddress(a), MatrixAddress(b), alpha: alpha, beta: beta, into: c, leading: resultLeading)
    // The library leaves the result of a product over nothing as it was.
    case .float32, .float64:
      Compute.parallel(rows, cost: columns * inner, isDivided: false) { begin, end in
        type.kernels.gemm(
          a.transposed, b.transposed, begin, end, columns, inner, alpha, a.address, a.leadingDimension,
          b.address, b.leadingDimension, beta, c, resultLeading)
      }
    }
  }
  withExtendedLifetime((a.tensor, b.tensor)) {}
}
