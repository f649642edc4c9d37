import CKernels
import Profiling
import Tensors

extension CPUArithmetic {
  package func multiply(_ a: MatrixView, _ b: MatrixView, _ product: MatrixProduct, into result: inout Tensor) {
    multiply(a, b, product, by: nil, into: &result)
  }

  /// The product by our kernels for such factors, if there are any and the numbers are in single precision.
  func multiply(
    _ a: MatrixView, _ b: MatrixView, _ product: MatrixProduct, by factors: ProductFactors?,
    packed: TensorStorage? = nil, into result: inout Tensor
  ) {
    guard !product.isEmpty else { return }
    let type = result.elementType
    Profiler.count(
      operations: product.operations, bytes: product.traffic(type),
      lowPrecisionProducts: type == .float32 ? factors?.lowPrecisionProducts ?? 0 : 0)
    let kernels = type == .float32 && product.inner > 0 ? factors?.kernels : nil
    let (rows, columns, inner, alpha, beta) = (
      product.rows, product.columns, product.inner, product.alpha, product.beta
    )
    result.withMutableBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      let c = base + product.resultOffset * type.byteCount
      switch type {
      case .float32 where inner > 0:
        let pieces = ProductPieces(rows: rows, columns: columns, inner: inner)
        pieces.multiply(
          MatrixAddress(a), MatrixAddress(b), alpha: alpha, beta: beta, into: c,
          leading: product.resultLeadingDimension,
          by: kernels.map { OwnProduct($0, product, packed: packed) })
      // The library leaves the result of a product over nothing as it was.
      case .float32, .float64:
        Compute.parallel(rows, cost: columns * inner, isDivided: false) { begin, end in
          type.kernels.gemm(
            a.transposed, b.transposed, begin, end, columns, inner, alpha, a.address, a.leadingDimension,
            b.address, b.leadingDimension, beta, c, product.resultLeadingDimension)
        }
      }
    }
    withExtendedLifetime((a.tensor, b.tensor, product.bias, packed)) {}
    if kernels == nil, let bias = product.bias { add(bias, of: product, to: &result) }
  }

  /// Packed or not, one kernel forms the product in one order: the same numbers result. What does not stay in a cache is
  /// read as it lies: packed, it would come from memory no faster.
  package func pack(_ matrix: MatrixView, inner: Int, columns: Int, _ numerics: Numerics, isEager: Bool)
    -> TensorStorage?
  {
    let factors = factors(numerics)
    guard matrix.tensor.elementType == .float32, inner * columns <= 1 << 20, inner < ProductPieces.longSum, inner > 0,
      columns > 0, let kernels = factors.kernels
    else { return nil }
    let form = PackedForm(
      factors.panels,
      sizes: [matrix.offset, matrix.leadingDimension, matrix.transposed ? 1 : 0, inner, columns])
    return matrix.tensor.packed(form, isEager: isEager) {
      let packed = TensorStorage(byteCount: kernels.packed_bytes(inner, columns))
      Compute.parallel((columns + 63) / 64, cost: 64 * inner) { begin, end in
        kernels.pack(
          matrix.address.assumingMemoryBound(to: Float.self), matrix.leadingDimension, matrix.transposed, inner,
          columns, begin, end, packed.pointer)
      }
      withExtendedLifetime(matrix.tensor) {}
      return packed
    }
  }

  package func multiply(_ a: MatrixView, _ b: PreparedMatrix, _ product: MatrixProduct, into result: inout Tensor) {
    multiply(a, b.matrix, product, by: factors(b.numerics), packed: b.packed, into: &result)
  }

  package func add(_ sum: OuterProductSum, _ numerics: Numerics, to result: inout Tensor) {
    let factors = factors(numerics)
    if result.elementType == .float32, let kernels = factors.kernels {
      return add(sum, factors, by: kernels, to: &result)
    }
    for (g, x) in sum.pairs {
      var product = MatrixProduct(rows: sum.outputs, columns: sum.inputs, inner: g.count / max(sum.outputs, 1))
      (product.alpha, product.beta) = (sum.alpha, 1)
      product.resultOffset = sum.resultOffset
      product.resultLeadingDimension = sum.resultLeadingDimension
      multiply(
        MatrixView(g, leadingDimension: sum.outputs, transposed: true), MatrixView(x, leadingDimension: sum.inputs),
        product, into: &result)
    }
  }

  /// One product over the rows of all pairs.
  private func add(
    _ sum: OuterProductSum, _ factors: ProductFactors, by kernels: ck_product_table, to result: inout Tensor
  ) {
    let (outputs, inputs) = (sum.outputs, sum.inputs)
    let inner = sum.pairs.reduce(0) { $0 + $1.g.count } / max(outputs, 1)
    guard outputs > 0, inputs > 0, inner > 0, let first = sum.pairs.first else { return }
    Profiler.count(
      operations: 2 * outputs * inputs * inner, bytes: 4 * (inner * (outputs + inputs) + outputs * inputs),
      lowPrecisionProducts: factors.lowPrecisionProducts)
    result.withMutableBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      ProductPieces(rows: outputs, columns: inputs, inner: inner, dividesSum: false).multiply(
        MatrixAddress(first.g.address, leading: outputs, transposed: true),
        MatrixAddress(first.x.address, leading: inputs), alpha: sum.alpha, beta: 1, into: base + 4 * sum.resultOffset,
        leading: sum.resultLeadingDimension, by: OwnProduct(kernels, sum))
    }
    withExtendedLifetime(sum) {}
  }

  private func add(_ bias: Tensor, of product: MatrixProduct, to result: inout Tensor) {
    let (columns, leading, offset) = (product.columns, product.resultLeadingDimension, product.resultOffset)
    let size = result.elementType.byteCount
    let kernels = result.elementType.kernels
    result.withMutableBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      if leading == columns {
        Compute.parallel(product.biasedRows, cost: columns) { begin, end in
          kernels.add_row(columns, begin, end, 1, bias.address, base + offset * size)
        }
      } else {
        for row in 0..<product.biasedRows {
          kernels.add_row(columns, 0, 1, 1, bias.address, base + (offset + row * leading) * size)
        }
      }
    }
    withExtendedLifetime(bias) {}
  }
}
