import Tensors

extension CPUArithmetic {
  package func affine(_ x: Tensor, _ weights: Tensor, _ layout: PerSampleAffineLayout, time: Double, components: Int)
    -> Tensor
  {
    let (n, stride, type) = (weights.shape[0], weights.shape[1], x.elementType)
    let (inputs, outputs, size, kernels) = (layout.inputs, layout.outputs, type.byteCount, type.kernels)
    let y = Tensor(zeros: [components, n, outputs], type)
    Compute.parallel(n, cost: layout.count * components) { begin, end in
      for s in begin..<end {
        let row = weights.address + s * stride * size
        let result = y.freshAddress + s * outputs * size
        // The primal's row begins as b + t w; tangents begin as zero.
        kernels.add_row(outputs, 0, 1, 1, row + layout.offset * size, result)
        kernels.add_row(outputs, 0, 1, time, row + layout.timeOffset * size, result)
        multiplySmallMatrices(
          type, MatrixAddress(x.address + s * inputs * size, leading: n * inputs),
          MatrixAddress(row + layout.weightOffset * size, leading: outputs), rows: components, columns: outputs,
          inner: inputs, beta: 1, into: result, leading: n * outputs)
      }
    }
    withExtendedLifetime((x, weights)) {}
    return y
  }

  package func affinePullback(_ g: Tensor, _ weights: Tensor, _ layout: PerSampleAffineLayout, components: Int)
    -> Tensor
  {
    let (n, stride, type) = (weights.shape[0], weights.shape[1], g.elementType)
    let (inputs, outputs, size) = (layout.inputs, layout.outputs, type.byteCount)
    let gx = Tensor(uninitialized: [components, n, inputs], type)
    Compute.parallel(n, cost: layout.count * components) { begin, end in
      for s in begin..<end {
        multiplySmallMatrices(
          type, MatrixAddress(g.address + s * outputs * size, leading: n * outputs),
          MatrixAddress(
            weights.address + (s * stride + layout.weightOffset) * size, leading: outputs, transposed: true),
          rows: components, columns: inputs, inner: outputs, into: gx.freshAddress + s * inputs * size,
          leading: n * inputs)
      }
    }
    withExtendedLifetime((g, weights)) {}
    return gx
  }

  package func add(_ terms: [PerSampleAffineTerm], _ layout: PerSampleAffineLayout, to gradient: inout Tensor) {
    guard !terms.isEmpty else { return }
    let (n, stride) = (gradient.shape[0], gradient.shape[1])
    let (inputs, outputs) = (layout.inputs, layout.outputs)
    let type = gradient.elementType
    let (size, kernels) = (type.byteCount, type.kernels)
    // All terms' rows one below the other, sample by sample: [n, rows, in] and [n, rows, out], g times its factor.
    let xs = sampleRows(terms.map { ($0.x, $0.components) }, n)
    let gs = sampleRows(terms.map { ($0.scale == 1 ? $0.g : $0.g.scaled(by: $0.scale), $0.components) }, n)
    let rows = terms.reduce(0) { $0 + $1.components }
    gradient.withMutableBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      nonisolated(unsafe) let target = base
      Compute.parallel(n, cost: layout.count * rows) { begin, end in
        for s in begin..<end {
          let (sample, factors) = (target + s * stride * size, gs.address + s * rows * outputs * size)
          multiplySmallMatrices(
            type, MatrixAddress(xs.address + s * rows * inputs * size, leading: inputs, transposed: true),
            MatrixAddress(factors, leading: outputs), rows: inputs, columns: outputs, inner: rows, beta: 1,
            into: sample + layout.weightOffset * size, leading: outputs)
          var first = 0
          for term in terms {
            let primal = factors + first * outputs * size
            kernels.add_row(outputs, 0, 1, 1, primal, sample + layout.offset * size)
            kernels.add_row(outputs, 0, 1, term.time, primal, sample + layout.timeOffset * size)
            first += term.components
          }
        }
      }
    }
    withExtendedLifetime((xs, gs)) {}
  }

  /// [components, n, c] of each term -> [n, all components, c]
  private func sampleRows(_ terms: [(tensor: Tensor, components: Int)], _ n: Int) -> Tensor {
    let columns = terms[0].tensor.count / (terms[0].components * n)
    let stacked = terms.map { $0.tensor.reshaped([$0.components, n, columns]) }
    return Tensor.concatenation(stacked, axis: 0).permuted([1, 0, 2])
  }
}
