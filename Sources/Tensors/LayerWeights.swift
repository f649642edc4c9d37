import CKernels

/// Where the weights of a layer lie that for one image are a matrix, plus the product of two thin ones: M = W + U V,
/// for rows times M. The caller keeps their memory alive.
package struct LayerWeights {
  package let inputs: Int
  package let outputs: Int
  private let matrix: MatrixAddress
  private let lowRank: LowRank?

  /// U [inputs, rank] and V [rank, outputs], row-major.
  package struct LowRank {
    let (u, v): (UnsafeRawPointer, UnsafeRawPointer)
    let rank: Int

    package init(u: UnsafeRawPointer, v: UnsafeRawPointer, rank: Int) { (self.u, self.v, self.rank) = (u, v, rank) }
  }

  /// - Parameter matrix: W [inputs, outputs], or W^T [outputs, inputs] to be taken transposed.
  package init(inputs: Int, outputs: Int, matrix: MatrixAddress, lowRank: LowRank? = nil) {
    (self.inputs, self.outputs, self.matrix, self.lowRank) = (inputs, outputs, matrix, lowRank)
  }

  /// M^T, [outputs, inputs].
  package func transposed(_ type: ElementType) -> Tensor {
    let result = Tensor(uninitialized: [outputs, inputs], type)
    writeTransposed(type, to: result.freshAddress)
    return result
  }

  /// Writes M^T, [outputs, inputs].
  func writeTransposed(_ type: ElementType, to result: UnsafeMutableRawPointer) {
    let steps = matrix.transposed ? [matrix.leading, 1] : [1, matrix.leading]
    type.kernels.permute([1, 1, outputs, inputs], [0, 0] + steps, 0, 1, matrix.pointer, result)
    guard let lowRank else { return }
    multiplySmallMatrices(
      type, MatrixAddress(lowRank.v, leading: outputs, transposed: true),
      MatrixAddress(lowRank.u, leading: lowRank.rank, transposed: true), rows: outputs, columns: inputs,
      inner: lowRank.rank, beta: 1, into: result, leading: inputs)
  }

  /// The same for matrix tiles, which take W^T: written to `scratch` [outputs, inputs] where it lies otherwise.
  func onTiles(scratch: Tensor) -> ck_tile_layer {
    let floats = { (pointer: UnsafeRawPointer) in pointer.assumingMemoryBound(to: Float.self) }
    if !matrix.transposed { writeTransposed(.float32, to: scratch.freshAddress) }
    return ck_tile_layer(
      inputs: inputs, outputs: outputs, rank: matrix.transposed ? lowRank?.rank ?? 0 : 0,
      weight: floats(matrix.transposed ? matrix.pointer : scratch.address),
      leading: matrix.transposed ? matrix.leading : inputs, u: lowRank.map { floats($0.u) },
      v: lowRank.map { floats($0.v) })
  }
}
