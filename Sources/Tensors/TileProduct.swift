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

  /// This arithmetic for a product that has few rows and is formed once: three products on tiles take no less than one in
  /// single precision there, packing included.
  var ofFewRows: ProductPrecision { self == .splitBfloat16 ? .float32 : self }

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
  Profiler.count(
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

/// result += alpha times the sum of g^T x over pairs of g [rows, outputs] and x [rows, inputs]: one product over the rows
/// of all pairs where matrix tiles take it, else one for each pair.
package func addOuterProducts(
  _ pairs: [(g: Tensor, x: Tensor)], outputs: Int, inputs: Int, alpha: Double = 1, precision: ProductPrecision,
  to result: inout Tensor, resultOffset: Int, resultLeadingDimension: Int
) {
  guard precision.usesTiles, result.elementType == .float32, pairs.count > 1 else {
    for (g, x) in pairs {
      multiplyMatrices(
        MatrixView(g, leadingDimension: outputs, transposed: true), MatrixView(x, leadingDimension: inputs),
        rows: outputs, columns: inputs, inner: g.count / outputs, precision: precision, alpha: alpha, beta: 1,
        into: &result, resultOffset: resultOffset, resultLeadingDimension: resultLeadingDimension)
    }
    return
  }
  /// Where each row of some matrices begins.
  func lines(_ matrices: [Tensor], width: Int) -> [UnsafePointer<Float>] {
    matrices.flatMap { matrix in
      let first = matrix.address.assumingMemoryBound(to: Float.self)
      return (0..<(matrix.count / width)).map { first + $0 * width }
    }
  }
  precondition(
    pairs.allSatisfy { $0.elementType == .float32 && $1.elementType == .float32 },
    "outer products: element types differ")
  let (g, x) = (lines(pairs.map(\.g), width: outputs), lines(pairs.map(\.x), width: inputs))
  precondition(g.count == x.count, "outer products: \(g.count) rows of g, \(x.count) of x")
  guard let firstG = g.first, let firstX = x.first else { return }
  Profiler.count(
    operations: 2 * outputs * inputs * g.count, bytes: 4 * (outputs * g.count + inputs * g.count + outputs * inputs),
    in: precision)
  result.withMutableBytes { bytes in
    guard let base = bytes.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
    var product = ck_tile_product(
      rows: outputs, columns: inputs, inner: g.count, parts: precision.rawValue, alpha: Float(alpha), beta: 1,
      a: firstG, a_leading: outputs, a_transposed: true, b: firstX, b_leading: inputs, b_transposed: false,
      packed: nil, bias: nil, biased_rows: 0, c: base + resultOffset, c_leading: resultLeadingDimension)
    let threads = Int32(Compute.threads)
    let workspace = TensorStorage(byteCount: ck_tile_workspace(&product, threads))
    ck_tile_multiply_lines(&product, g, x, workspace.pointer, threads)
  }
  withExtendedLifetime(pairs) {}
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
