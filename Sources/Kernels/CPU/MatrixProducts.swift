import Profiling
import CKernels
import Tensors

extension CPUArithmetic {
  package func multiply(_ a: MatrixView, _ b: MatrixView, _ product: MatrixProduct, into result: inout Tensor) {
    guard !product.isEmpty else { return }
    let type = result.elementType
    Profiler.count(operations: product.operations, bytes: product.traffic(type))
    let (rows, columns, inner, alpha, beta) = (
      product.rows, product.columns, product.inner, product.alpha, product.beta
    )
    result.withMutableBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      let c = base + product.resultOffset * type.byteCount
      switch type {
      case .float32 where inner > 0:
        ProductPieces(rows: rows, columns: columns, inner: inner).multiply(
          MatrixAddress(a), MatrixAddress(b), alpha: alpha, beta: beta, into: c,
          leading: product.resultLeadingDimension)
      // The library leaves the result of a product over nothing as it was.
      case .float32, .float64:
        Compute.parallel(rows, cost: columns * inner, isDivided: false) { begin, end in
          type.kernels.gemm(
            a.transposed, b.transposed, begin, end, columns, inner, alpha, a.address, a.leadingDimension,
            b.address, b.leadingDimension, beta, c, product.resultLeadingDimension)
        }
      }
    }
    withExtendedLifetime((a.tensor, b.tensor)) {}
    if let bias = product.bias { add(bias, of: product, to: &result) }
  }

  package func pack(_ matrix: MatrixView, inner: Int, columns: Int, _ numerics: Numerics, isEager: Bool)
    -> TensorStorage?
  { nil }

  package func multiply(_ a: MatrixView, _ b: PreparedMatrix, _ product: MatrixProduct, into result: inout Tensor) {
    multiply(a, b.matrix, product, into: &result)
  }

  package func add(_ sum: OuterProductSum, _ numerics: Numerics, to result: inout Tensor) {
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
