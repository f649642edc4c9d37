import Tensors

/// A matrix inside a tensor's memory: rows `leadingDimension` apart, beginning `offset` elements in.
package struct MatrixView: Sendable {
  package let tensor: Tensor
  package let offset: Int
  package let leadingDimension: Int
  package let transposed: Bool

  /// - Parameter transposed: Whether the product takes the matrix transposed.
  package init(_ tensor: Tensor, offset: Int = 0, leadingDimension: Int? = nil, transposed: Bool = false) {
    self.tensor = tensor
    self.offset = offset
    self.leadingDimension = leadingDimension ?? tensor.shape.last ?? 1
    self.transposed = transposed
  }

  var address: UnsafeRawPointer { tensor.address + offset * tensor.elementType.byteCount }
}

/// What a matrix product makes of its factors, `rows` x `inner` and `inner` x `columns`:
/// result = alpha a b + beta result, and + bias in the first `biasedRows` rows.
package struct MatrixProduct {
  package let rows, columns, inner: Int
  package var (alpha, beta) = (1.0, 0.0)
  /// `[columns]`
  package var bias: Tensor?
  package var biasedRows = 0
  /// Where the result begins, in elements.
  package var resultOffset = 0
  /// How far apart its rows are.
  package var resultLeadingDimension: Int

  package init(rows: Int, columns: Int, inner: Int) {
    (self.rows, self.columns, self.inner) = (rows, columns, inner)
    resultLeadingDimension = columns
  }

  var isEmpty: Bool { rows <= 0 || columns <= 0 }
  var operations: Int { 2 * rows * columns * inner }

  /// Bytes read and written, of elements of a size.
  func traffic(_ type: ElementType) -> Int {
    (rows * inner + inner * columns + rows * columns) * type.byteCount
  }
}

/// result = alpha a b + beta result, for `rows` x `inner` times `inner` x `columns`.
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
  var product = MatrixProduct(rows: rows, columns: columns, inner: inner)
  (product.alpha, product.beta) = (alpha, beta)
  product.resultOffset = resultOffset
  product.resultLeadingDimension = resultLeadingDimension ?? columns
  Backends.current.multiply(a, b, product, into: &result)
}
