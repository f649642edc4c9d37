import CKernels

/// The arithmetic of a matrix product in single precision.
///
/// The two kinds in bfloat16 need a processor with matrix tiles (``Compute/InstructionSet/amx``); on any other they are
/// carried out in float32, which is more accurate and slower.
public enum ProductPrecision: Int32, Sendable, CaseIterable {
  /// Single precision, by the library.
  case float32 = 0
  /// Each number rounded to bfloat16, sums in float32: an error of at most 8e-3 of each product's magnitude.
  case bfloat16 = 1
  /// Each number as the sum of two bfloat16 numbers, and three of the four products: an error of at most 5e-5 of each
  /// product's magnitude, and in a sum of 512, 1e-6 of the sum of magnitudes.
  case splitBfloat16 = 2

  /// This arithmetic where a product is large enough for tiles, the library's else.
  package func worthwhile(inner: Int, columns: Int) -> ProductPrecision {
    inner * columns >= 1024 ? self : .float32
  }

  /// Whether a product of this kind runs on matrix tiles here.
  package var usesTiles: Bool { self != .float32 && ck_has_tiles() }
}

/// result = alpha a b + beta result, for `rows` x `inner` times `inner` x `columns`, in the given arithmetic.
package func multiplyMatrices(
  _ a: MatrixView, _ b: MatrixView, rows: Int, columns: Int, inner: Int, precision: ProductPrecision,
  alpha: Double = 1, beta: Double = 0, into result: inout Tensor, resultOffset: Int = 0,
  resultLeadingDimension: Int? = nil
) {
  guard precision.usesTiles, result.elementType == .float32, rows > 0, columns > 0, inner > 0 else {
    return multiplyMatrices(
      a, b, rows: rows, columns: columns, inner: inner, alpha: alpha, beta: beta, into: &result,
      resultOffset: resultOffset, resultLeadingDimension: resultLeadingDimension)
  }
  precondition(
    a.tensor.elementType == .float32 && b.tensor.elementType == .float32,
    "matrix product: element types differ")
  Instrument.count(
    operations: 2 * rows * columns * inner, bytes: 4 * (rows * inner + inner * columns + rows * columns),
    in: precision)
  result.withMutableBytes { bytes in
    guard let base = bytes.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
    multiplyOnTiles(
      ck_tile_product(
        rows: rows, columns: columns, inner: inner, parts: precision.rawValue, alpha: Float(alpha),
        beta: Float(beta), a: a.address.assumingMemoryBound(to: Float.self), a_leading: a.leadingDimension,
        a_transposed: a.transposed, b: b.address.assumingMemoryBound(to: Float.self),
        b_leading: b.leadingDimension, b_transposed: b.transposed, packed: nil, bias: nil, biased_rows: 0,
        c: base + resultOffset, c_leading: resultLeadingDimension ?? columns))
  }
  withExtendedLifetime((a.tensor, b.tensor)) {}
}

/// Runs a product on the tiles, on as many threads as it is worth.
func multiplyOnTiles(_ product: ck_tile_product) {
  var product = product
  // A region over threads costs a microsecond: about a million multiplications on one thread's tiles.
  let work = product.rows * product.columns * product.inner
  let threads = Int32(work > 1 << 20 ? Compute.threads : 1)
  let workspace = TensorStorage(byteCount: ck_tile_workspace(&product, threads))
  ck_tile_multiply(&product, workspace.pointer, threads)
}
