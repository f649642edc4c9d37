import Tensors

/// A matrix as the right factor of many products: the weights during a solve.
///
/// A backend may pack its numbers once in the order in which its products read them; see ``Backend/pack(_:inner:columns:_:isEager:)``.
/// What is packed is kept with the matrix's numbers until they change, so that another value of this type for the same
/// matrix finds it.
///
/// ```swift
/// let weights = PreparedMatrix(w, transposed: true)          // w [out, in] as [in, out]
/// let y = Tensor.matrixProduct(x, weights)                    // x [rows, in] -> [rows, out]
/// ```
package struct PreparedMatrix: Sendable {
  /// Rows: the length of the sums.
  package let inner: Int
  package let columns: Int
  package let numerics: Numerics
  let matrix: MatrixView
  /// The numbers as the backend packed them.
  let packed: TensorStorage?

  /// Prepares a matrix [inner, columns], or [columns, inner] if it is to be taken transposed.
  package init(_ matrix: Tensor, transposed: Bool = false, numerics: Numerics = .full) {
    precondition(matrix.rank == 2, "prepared matrix: a tensor \(matrix.shape) is no matrix")
    self.init(
      MatrixView(matrix, transposed: transposed), inner: matrix.shape[transposed ? 1 : 0],
      columns: matrix.shape[transposed ? 0 : 1], numerics: numerics)
  }

  /// Prepares a matrix within a tensor; taken transposed, it is [inner, columns].
  ///
  /// - Parameter isEager: Whether to pack for the first product already, or from the second on: the same numbers result.
  package init(
    _ matrix: MatrixView, inner: Int, columns: Int, numerics: Numerics = .full, isEager: Bool = true
  ) {
    (self.inner, self.columns, self.numerics, self.matrix) = (inner, columns, numerics, matrix)
    packed = Backends.current.pack(matrix, inner: inner, columns: columns, numerics, isEager: isEager)
  }

  /// result = alpha a self + beta result, and + bias in the first `biasedRows` rows.
  package func multiply(
    _ a: MatrixView, rows: Int, alpha: Double = 1, beta: Double = 0, bias: Tensor? = nil, biasedRows: Int = 0,
    into result: inout Tensor, resultOffset: Int = 0, resultLeadingDimension: Int? = nil
  ) {
    precondition(bias.map { $0.count == columns } ?? true, "matrix product: bias \(bias?.shape ?? [])")
    precondition(
      [a.tensor, matrix.tensor, bias ?? result].allSatisfy { $0.elementType == result.elementType },
      "matrix product: element types differ")
    var product = MatrixProduct(rows: rows, columns: columns, inner: inner)
    (product.alpha, product.beta) = (alpha, beta)
    (product.bias, product.biasedRows) = (bias, bias == nil ? 0 : min(biasedRows, rows))
    product.resultOffset = resultOffset
    product.resultLeadingDimension = resultLeadingDimension ?? columns
    Backends.current.multiply(a, self, product, into: &result)
  }
}

extension Tensor {
  /// a b, and + bias in each row: a [rows, inner], bias [columns] -> [rows, columns]
  package static func matrixProduct(_ a: Tensor, _ b: PreparedMatrix, bias: Tensor? = nil) -> Tensor {
    precondition(
      a.rank == 2 && a.shape[1] == b.inner, "matrix product: \(a.shape) times [\(b.inner), \(b.columns)]")
    var result = Tensor(uninitialized: [a.shape[0], b.columns], a.elementType)
    b.multiply(MatrixView(a), rows: a.shape[0], bias: bias, biasedRows: a.shape[0], into: &result)
    return result
  }
}
