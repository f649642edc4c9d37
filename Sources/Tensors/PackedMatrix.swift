import CKernels

/// A matrix as the right factor of products, packed once for many of them: the weights during a solve.
///
/// Packing costs about as much as a product with 30 rows. What is packed is kept with the matrix's numbers until they
/// change, so that another value of this type for the same matrix finds it. Where the processor has no matrix tiles, or the
/// arithmetic is float32, nothing is packed, and the products are the library's.
///
/// ```swift
/// let weights = PackedMatrix(w, transposed: true, precision: .splitBfloat16)  // w [out, in] as [in, out]
/// let y = Tensor.matrixProduct(x, weights)                                    // x [rows, in] -> [rows, out]
/// ```
public struct PackedMatrix: Sendable {
  /// Rows: the length of the sums.
  public let inner: Int
  public let columns: Int
  public let precision: ProductPrecision
  private let matrix: MatrixView
  private let packed: TensorStorage?

  /// Packs a matrix [inner, columns], or [columns, inner] if it is to be taken transposed.
  public init(_ matrix: Tensor, transposed: Bool = false, precision: ProductPrecision) {
    precondition(matrix.rank == 2, "packed matrix: a tensor \(matrix.shape) is no matrix")
    self.init(
      MatrixView(matrix, transposed: transposed), inner: matrix.shape[transposed ? 1 : 0],
      columns: matrix.shape[transposed ? 0 : 1], precision: precision)
  }

  /// Packs a matrix within a tensor; taken transposed, it is [inner, columns].
  ///
  /// - Parameter isEager: Whether to pack for the first product already, or from the second on: the same numbers result.
  package init(
    _ matrix: MatrixView, inner: Int, columns: Int, precision: ProductPrecision, isEager: Bool = true
  ) {
    self.inner = inner
    self.columns = columns
    self.precision = precision
    self.matrix = matrix
    guard precision.usesTiles, matrix.tensor.elementType == .float32, inner > 0, columns > 0 else {
      packed = nil
      return
    }
    let form = PackedForms.Form.matrix(
      offset: matrix.offset, leading: matrix.leadingDimension, isTransposed: matrix.transposed, inner: inner,
      columns: columns, precision: precision)
    packed = matrix.tensor.packed(form, isEager: isEager) {
      let storage = TensorStorage(byteCount: ck_tile_packed_size(precision.rawValue, inner, columns))
      ck_tile_pack(
        precision.rawValue, matrix.address.assumingMemoryBound(to: Float.self), matrix.leadingDimension,
        matrix.transposed, inner, columns, storage.pointer,
        Int32(inner * columns > 1 << 16 ? Compute.threads : 1))
      return storage
    }
    withExtendedLifetime(matrix.tensor) {}
  }

  /// result = alpha a self + beta result, and + bias in the first `biasedRows` rows.
  package func multiply(
    _ a: MatrixView, rows: Int, alpha: Double = 1, beta: Double = 0, bias: Tensor? = nil, biasedRows: Int = 0,
    into result: inout Tensor, resultOffset: Int = 0, resultLeadingDimension: Int? = nil
  ) {
    let leading = resultLeadingDimension ?? columns
    let biased = bias == nil ? 0 : min(biasedRows, rows)
    precondition(bias.map { $0.count == columns } ?? true, "packed product: bias \(bias?.shape ?? [])")
    // On tiles, packed or not, one kernel does it all, in one order: the same numbers result.
    guard precision.usesTiles, result.elementType == .float32, rows > 0, columns > 0, inner > 0 else {
      multiplyMatrices(
        a, matrix, rows: rows, columns: columns, inner: inner, alpha: alpha, beta: beta, into: &result,
        resultOffset: resultOffset, resultLeadingDimension: leading)
      if let bias { add(bias, rows: biased, to: &result, offset: resultOffset, leading: leading) }
      return
    }
    Profiler.count(
      operations: 2 * rows * columns * inner, bytes: 4 * (rows * inner + inner * columns + rows * columns),
      in: precision)
    result.withMutableBytes { bytes in
      guard let base = bytes.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
      multiplyOnTiles(
        product(
          a, rows: rows, alpha: Float(alpha), beta: Float(beta), bias: bias, biasedRows: biased,
          into: base + resultOffset, leading: leading))
    }
    withExtendedLifetime((a.tensor, matrix.tensor, bias, packed)) {}
  }

  /// What the kernels on tiles take; whoever uses it keeps the tensors alive.
  private func product(
    _ a: MatrixView, rows: Int, alpha: Float, beta: Float, bias: Tensor?, biasedRows: Int,
    into result: UnsafeMutablePointer<Float>, leading: Int
  ) -> ck_tile_product {
    precondition(
      a.tensor.elementType == .float32 && bias?.elementType ?? .float32 == .float32,
      "packed product: element types differ")
    return ck_tile_product(
      rows: rows, columns: columns, inner: inner, parts: precision.rawValue, alpha: alpha, beta: beta,
      a: a.address.assumingMemoryBound(to: Float.self), a_leading: a.leadingDimension,
      a_transposed: a.transposed,
      b: packed == nil ? matrix.address.assumingMemoryBound(to: Float.self) : nil,
      b_leading: matrix.leadingDimension, b_transposed: matrix.transposed,
      packed: packed.map { UnsafeRawPointer($0.pointer) },
      bias: bias.map { $0.address.assumingMemoryBound(to: Float.self) }, biased_rows: biasedRows, c: result,
      c_leading: leading)
  }

  /// For each image: y = x self for its rows in all slots, and + bias in the first slot, and then what `finish` makes of
  /// them, while they are in a cache.
  ///
  /// - Parameters:
  ///   - x: [slots, n, inner]
  ///   - y: [slots, n, columns], fresh.
  ///   - cost: About how many operations `finish` takes an image.
  ///   - finish: Called with ranges of images, on several threads.
  func multiply(
    _ x: Tensor, slots: Int, images n: Int, bias: Tensor?, into y: inout Tensor, cost: Int,
    finish: (_ begin: Int, _ end: Int) -> Void
  ) {
    guard precision.usesTiles, n > 0, columns > 0, inner > 0 else {
      multiply(
        MatrixView(x, leadingDimension: inner), rows: slots * n, bias: bias, biasedRows: bias == nil ? 0 : n, into: &y)
      Compute.parallel(n, cost: cost, finish)
      return
    }
    Profiler.count(
      operations: 2 * slots * n * columns * inner, bytes: 4 * (slots * n * (inner + columns) + inner * columns),
      in: precision)
    var product = product(
      MatrixView(x, leadingDimension: inner), rows: slots * n, alpha: 1, beta: 0, bias: bias,
      biasedRows: bias == nil ? 0 : n, into: y.freshAddress.assumingMemoryBound(to: Float.self), leading: columns)
    withUnsafeMutablePointer(to: &product) { product in
      nonisolated(unsafe) let product = product
      Compute.parallel(n, cost: cost + slots * inner * columns / 8, isDivided: false) { begin, end in
        let workspace = TensorStorage(byteCount: ck_tile_images_workspace(product, n, end - begin))
        ck_tile_multiply_images(product, n, begin, end, workspace.pointer)
        finish(begin, end)
      }
    }
    withExtendedLifetime((x, matrix.tensor, bias, packed)) {}
  }

  private func add(_ bias: Tensor, rows: Int, to result: inout Tensor, offset: Int, leading: Int) {
    let size = result.elementType.byteCount
    let kernels = result.elementType.kernels
    result.withMutableBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      if leading == columns {
        Compute.parallel(rows, cost: columns) { begin, end in
          kernels.add_row(columns, begin, end, 1, bias.address, base + offset * size)
        }
      } else {
        for row in 0..<rows {
          kernels.add_row(columns, 0, 1, 1, bias.address, base + (offset + row * leading) * size)
        }
      }
    }
    withExtendedLifetime(bias) {}
  }
}

extension Tensor {
  /// a b, and + bias in each row: a [rows, inner], bias [columns] -> [rows, columns]
  public static func matrixProduct(_ a: Tensor, _ b: PackedMatrix, bias: Tensor? = nil) -> Tensor {
    precondition(
      a.rank == 2 && a.shape[1] == b.inner, "matrix product: \(a.shape) times [\(b.inner), \(b.columns)]")
    var result = Tensor(uninitialized: [a.shape[0], b.columns], a.elementType)
    b.multiply(MatrixView(a), rows: a.shape[0], bias: bias, biasedRows: a.shape[0], into: &result)
    return result
  }
}
