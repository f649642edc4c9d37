import CKernels

extension Tensor {
  /// x[row] * s for each row, number by number: self [..., n], s [n]
  package func scalingColumns(by s: Tensor) -> Tensor {
    let columns = s.count
    precondition(shape.last == columns, "scalingColumns: \(s.shape) for rows of \(shape)")
    let result = Tensor(uninitialized: shape, elementType)
    let kernels = elementType.kernels
    let stride = columns * elementType.byteCount
    Compute.parallel(count / max(columns, 1), cost: columns) { begin, end in
      for row in begin..<end {
        kernels.product_jet(
          0, 0, columns, 0, columns, address + row * stride, s.address, result.freshAddress + row * stride)
      }
    }
    withExtendedLifetime(s) {}
    return result
  }

  /// The last axis in reverse order.
  package func flippingLastAxis() -> Tensor {
    let columns = shape.last ?? 1
    guard count > 0 else { return self }
    let result = Tensor(uninitialized: shape, elementType)
    let rows = count / columns
    let kernels = elementType.kernels
    // A permutation whose innermost step is backward, from the last number of each row.
    Compute.parallel(rows, cost: columns) { begin, end in
      kernels.permute(
        [rows, 1, 1, columns], [columns, 0, 0, -1], begin, end,
        address + (columns - 1) * elementType.byteCount, result.freshAddress)
    }
    return result
  }
}
