import Tensors

/// The weights of a layer that for one sample are a matrix, plus the product of two thin ones: M = W + U V, for rows
/// times M.
package struct LayerWeights {
  package let inputs: Int
  package let outputs: Int
  /// W [inputs, outputs], or W^T [outputs, inputs] to be taken transposed.
  let matrix: MatrixView
  /// U [inputs, rank] and V [rank, outputs], row-major.
  let lowRank: (u: MatrixView, v: MatrixView, rank: Int)?

  /// A layer's weights for one sample: a shared matrix [outputs, inputs], or [outputs, 1 + inputs] whose first column
  /// multiplies the time; and the sample's low-rank weights in its row of `weights` [n, P].
  package init(
    inputs: Int, outputs: Int, shared matrix: Tensor, lowRank: (layout: LowRankLayout, weights: Tensor, sample: Int)?
  ) {
    let columns = matrix.shape[1]
    (self.inputs, self.outputs) = (inputs, outputs)
    self.matrix = MatrixView(matrix, offset: columns - inputs, leadingDimension: columns, transposed: true)
    self.lowRank = lowRank.map { layout, weights, sample in
      let row = sample * weights.shape[1]
      return (
        MatrixView(weights, offset: row + layout.uOffset, leadingDimension: layout.rank),
        MatrixView(weights, offset: row + layout.vOffset, leadingDimension: outputs), layout.rank
      )
    }
  }

  /// A layer whose weights are all a sample's own, in its row of `weights` [n, P].
  package init(_ layout: PerSampleAffineLayout, _ weights: Tensor, sample: Int) {
    (inputs, outputs, lowRank) = (layout.inputs, layout.outputs, nil)
    matrix = MatrixView(
      weights, offset: sample * weights.shape[1] + layout.weightOffset, leadingDimension: layout.outputs)
  }

  /// M^T, [outputs, inputs].
  package func transposed(_ type: ElementType) -> Tensor {
    let result = Tensor(uninitialized: [outputs, inputs], type)
    writeTransposed(type, to: result.freshAddress)
    return result
  }

  /// Writes M^T, [outputs, inputs].
  func writeTransposed(_ type: ElementType, to result: UnsafeMutableRawPointer) {
    let leading = matrix.leadingDimension
    let steps = matrix.transposed ? [leading, 1] : [1, leading]
    type.kernels.permute([1, 1, outputs, inputs], [0, 0] + steps, 0, 1, matrix.address, result)
    withExtendedLifetime(matrix) {}
    guard let lowRank else { return }
    multiplySmallMatrices(
      type, MatrixAddress(lowRank.v.address, leading: outputs, transposed: true),
      MatrixAddress(lowRank.u.address, leading: lowRank.rank, transposed: true), rows: outputs, columns: inputs,
      inner: lowRank.rank, beta: 1, into: result, leading: inputs)
    withExtendedLifetime(lowRank) {}
  }
}
