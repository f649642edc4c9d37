import CAMX
import Profiling
import Tensors

extension AMXBackend {
  /// Whether a product of single-precision numbers fills tiles.
  private func pays(inner: Int, columns: Int) -> Bool { inner * columns >= 1024 }

  /// Packing costs about as much as a product with 30 rows.
  package func pack(_ matrix: MatrixView, inner: Int, columns: Int, _ numerics: Numerics, isEager: Bool)
    -> TensorStorage?
  {
    guard matrix.tensor.elementType == .float32, pays(inner: inner, columns: columns) else { return nil }
    let parts = TilePrecision(numerics).rawValue
    let form = PackedForm(
      "tiles",
      sizes: [
        matrix.offset, matrix.leadingDimension, matrix.transposed ? 1 : 0, inner, columns, Int(parts),
      ])
    return matrix.tensor.packed(form, isEager: isEager) {
      let storage = TensorStorage(byteCount: ck_tile_packed_size(parts, inner, columns))
      ck_tile_pack(
        parts, matrix.address.assumingMemoryBound(to: Float.self), matrix.leadingDimension,
        matrix.transposed, inner, columns, storage.pointer,
        Int32(inner * columns > 1 << 16 ? Compute.threads : 1))
      withExtendedLifetime(matrix.tensor) {}
      return storage
    }
  }

  package func multiply(_ a: MatrixView, _ b: PreparedMatrix, _ product: MatrixProduct, into result: inout Tensor) {
    // Packed or not, one kernel does it all, in one order: the same numbers result.
    guard result.elementType == .float32, pays(inner: product.inner, columns: product.columns), product.rows > 0 else {
      return cpu.multiply(a, b.matrix, product, into: &result)
    }
    multiplyOnTiles(a, b.matrix, packed: b.packed, product, TilePrecision(b.numerics), into: &result)
  }

  /// A product of matrices that are used once, its factors rounded to bfloat16 in mixed numerics. At full numerics three
  /// products on tiles take no less time than one in single precision, packing included.
  func multiplyOnce(
    _ a: MatrixView, _ b: MatrixView, _ product: MatrixProduct, _ numerics: Numerics, into result: inout Tensor
  ) {
    guard numerics == .mixed, result.elementType == .float32, !product.isEmpty, product.inner > 0 else {
      return cpu.multiply(a, b, product, into: &result)
    }
    multiplyOnTiles(a, b, packed: nil, product, .bfloat16, into: &result)
  }

  private func multiplyOnTiles(
    _ a: MatrixView, _ b: MatrixView, packed: TensorStorage?, _ product: MatrixProduct, _ precision: TilePrecision,
    into result: inout Tensor
  ) {
    Profiler.count(
      operations: product.operations, bytes: product.traffic(.float32), lowPrecisionProducts: precision.products)
    result.withMutableBytes { bytes in
      guard let base = bytes.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
      var step = tileProduct(a, b, packed: packed, product, precision, into: base + product.resultOffset)
      // A region over threads costs a microsecond: about a million multiplications on one thread's tiles.
      let threads = Int32(product.operations > 2 << 20 ? Compute.threads : 1)
      let workspace = TensorStorage(byteCount: ck_tile_workspace(&step, threads))
      ck_tile_multiply(&step, workspace.pointer, threads)
    }
    withExtendedLifetime((a.tensor, b.tensor, product.bias, packed)) {}
  }

  /// What the kernels take; whoever uses it keeps the tensors alive.
  private func tileProduct(
    _ a: MatrixView, _ b: MatrixView, packed: TensorStorage?, _ product: MatrixProduct, _ precision: TilePrecision,
    into result: UnsafeMutablePointer<Float>
  ) -> ck_tile_product {
    ck_tile_product(
      rows: product.rows, columns: product.columns, inner: product.inner, parts: precision.rawValue,
      alpha: Float(product.alpha), beta: Float(product.beta), a: a.address.assumingMemoryBound(to: Float.self),
      a_leading: a.leadingDimension, a_transposed: a.transposed,
      b: packed == nil ? b.address.assumingMemoryBound(to: Float.self) : nil, b_leading: b.leadingDimension,
      b_transposed: b.transposed, packed: packed.map { UnsafeRawPointer($0.pointer) },
      bias: product.bias.map { $0.address.assumingMemoryBound(to: Float.self) }, biased_rows: product.biasedRows,
      c: result, c_leading: product.resultLeadingDimension)
  }

  /// One product over the rows of all pairs.
  package func add(_ sum: OuterProductSum, _ numerics: Numerics, to result: inout Tensor) {
    let (outputs, inputs) = (sum.outputs, sum.inputs)
    guard result.elementType == .float32, pays(inner: inputs, columns: outputs) else {
      return cpu.add(sum, numerics, to: &result)
    }
    /// Where each row of some matrices begins.
    func lines(_ matrices: [Tensor], width: Int) -> [UnsafePointer<Float>] {
      matrices.flatMap { matrix in
        let first = matrix.address.assumingMemoryBound(to: Float.self)
        return (0..<(matrix.count / width)).map { first + $0 * width }
      }
    }
    let (g, x) = (lines(sum.pairs.map(\.g), width: outputs), lines(sum.pairs.map(\.x), width: inputs))
    guard let firstG = g.first, let firstX = x.first else { return }
    let precision = TilePrecision(numerics)
    Profiler.count(
      operations: 2 * outputs * inputs * g.count, bytes: 4 * (outputs * g.count + inputs * g.count + outputs * inputs),
      lowPrecisionProducts: precision.products)
    result.withMutableBytes { bytes in
      guard let base = bytes.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
      var product = ck_tile_product(
        rows: outputs, columns: inputs, inner: g.count, parts: precision.rawValue, alpha: Float(sum.alpha), beta: 1,
        a: firstG, a_leading: outputs, a_transposed: true, b: firstX, b_leading: inputs, b_transposed: false,
        packed: nil, bias: nil, biased_rows: 0, c: base + sum.resultOffset, c_leading: sum.resultLeadingDimension)
      let threads = Int32(Compute.threads)
      let workspace = TensorStorage(byteCount: ck_tile_workspace(&product, threads))
      ck_tile_multiply_lines(&product, g, x, workspace.pointer, threads)
    }
    withExtendedLifetime(sum) {}
  }

  /// The shared product on tiles and each sample's own weights, sample by sample, while its rows are in a cache.
  package func multiply(
    _ x: Tensor, _ weights: PreparedLowRank, _ product: LowRankProduct, adding matrix: PreparedMatrix, shift: Tensor?
  ) -> (y: Tensor, t: Tensor) {
    let (n, components) = (weights.count, product.components)
    guard x.elementType == .float32, n > 0, pays(inner: product.from, columns: product.to) else {
      return cpu.multiply(x, weights, product, adding: matrix, shift: shift)
    }
    let y = Tensor(uninitialized: [components, n, product.to], .float32)
    let t = Tensor(uninitialized: [components, n, weights.layout.rank], .float32)
    nonisolated(unsafe) let sums = y.freshAddress
    var shared = MatrixProduct(rows: components * n, columns: product.to, inner: product.from)
    (shared.bias, shared.biasedRows) = (shift, shift == nil ? 0 : n)
    let precision = TilePrecision(matrix.numerics)
    Profiler.count(
      operations: shared.operations, bytes: shared.traffic(.float32), lowPrecisionProducts: precision.products)
    var step = tileProduct(
      MatrixView(x, leadingDimension: product.from), matrix.matrix, packed: matrix.packed, shared, precision,
      into: sums.assumingMemoryBound(to: Float.self))
    let cost =
      (product.from + product.to) * weights.layout.rank * components + components * product.from * product.to / 8
    withUnsafeMutablePointer(to: &step) { step in
      nonisolated(unsafe) let step = step
      Compute.parallel(n, cost: cost, isDivided: false) { begin, end in
        let workspace = TensorStorage(byteCount: ck_tile_images_workspace(step, n, end - begin))
        ck_tile_multiply_images(step, n, begin, end, workspace.pointer)
        run(x, weights, product, UnsafeRawPointer(sums), t, sums, begin, end)
      }
    }
    withExtendedLifetime((x, weights, matrix, shift)) {}
    return (y, t)
  }
}
