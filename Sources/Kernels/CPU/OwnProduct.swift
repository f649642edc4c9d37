import CKernels
import Tensors

/// A product by our own kernels, in single precision or of bfloat16 factors: all but its factors' and its result's places.
struct OwnProduct: @unchecked Sendable {
  private let kernels: ck_product_table
  private var bias: UnsafePointer<Float>?
  private var biasedRows = 0
  /// The right factor packed, and its columns.
  private var packed: (numbers: UnsafeRawPointer, columns: Int)?
  private var firstColumn = 0
  /// Pairs whose products are added up, in place of one.
  private var pairs: [ck_factor_pair] = []

  /// - Parameters:
  ///   - product: Whose bias is added; the caller keeps it.
  ///   - packed: Its right factor, if that was packed; the caller keeps it too.
  init(_ kernels: ck_product_table, _ product: MatrixProduct, packed: TensorStorage?) {
    self.kernels = kernels
    bias = product.bias?.address.assumingMemoryBound(to: Float.self)
    biasedRows = product.biasedRows
    self.packed = packed.map { (UnsafeRawPointer($0.pointer), product.columns) }
  }

  /// The sum of g^T x; the caller keeps it.
  init(_ kernels: ck_product_table, _ sum: OuterProductSum) {
    self.kernels = kernels
    pairs = sum.pairs.map { g, x in
      ck_factor_pair(
        a: g.address.assumingMemoryBound(to: Float.self), b: x.address.assumingMemoryBound(to: Float.self),
        inner: g.count / sum.outputs)
    }
  }

  /// The same for the part of the result that begins at a row and a column.
  func from(row: Int, column: Int) -> OwnProduct {
    var part = self
    part.bias = bias.map { $0 + column }
    part.biasedRows = max(biasedRows - row, 0)
    part.firstColumn = firstColumn + column
    return part
  }

  /// The same of a later part of the sum, which nothing is packed of and no bias is added to.
  var withoutBias: OwnProduct {
    var plain = self
    (plain.bias, plain.biasedRows, plain.packed) = (nil, 0, nil)
    return plain
  }

  /// c = alpha a b + beta c, and + bias, on the calling thread; of pairs, a and b are the first.
  func multiply(
    _ a: MatrixAddress, _ b: MatrixAddress, rows: Int, columns: Int, inner: Int, alpha: Double, beta: Double,
    into c: UnsafeMutableRawPointer, leading: Int
  ) {
    guard rows > 0, columns > 0, inner > 0 else { return }
    let (a0, b0) = (a.pointer.assumingMemoryBound(to: Float.self), b.pointer.assumingMemoryBound(to: Float.self))
    let workspace = TensorStorage(byteCount: kernels.workspace)
    pairs.withUnsafeBufferPointer { pairs in
      var product = ck_product(
        rows: rows, columns: columns, inner: inner, alpha: Float(alpha), beta: Float(beta), a: a0,
        a_leading: a.leading, a_transposed: a.transposed, b: b0, b_leading: b.leading, b_transposed: b.transposed,
        pairs: pairs.isEmpty ? nil : pairs.baseAddress, pair_count: pairs.count,
        a_offset: pairs.first.map { a0 - $0.a } ?? 0, b_offset: pairs.first.map { b0 - $0.b } ?? 0,
        packed: packed?.numbers, packed_columns: packed?.columns ?? 0, first_column: firstColumn, bias: bias,
        biased_rows: biasedRows, c: c.assumingMemoryBound(to: Float.self), c_leading: leading)
      kernels.multiply(&product, workspace.pointer)
    }
    withExtendedLifetime(workspace) {}
  }
}
