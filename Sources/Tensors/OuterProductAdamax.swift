import CKernels

/// Steps of Adamax on the weights of a linear layer whose gradient is never in memory as a whole: single precision.
package struct OuterProductAdamax: Sendable {
  /// The learning rate, divided by the bias correction of the step.
  package let rate: Double
  package let firstDecay: Double
  package let secondDecay: Double
  package let epsilon: Double

  package init(rate: Double, firstDecay: Double = 0.9, secondDecay: Double = 0.999, epsilon: Double = 1e-7) {
    (self.rate, self.firstDecay, self.secondDecay, self.epsilon) = (rate, firstDecay, secondDecay, epsilon)
  }

  /// Moves weights [outputs, inputs], with their first moments and infinity norms, against the gradient g^T x, for
  /// g [batch, outputs] and x [batch, inputs]. The gradient is formed some rows at a time, in the given arithmetic.
  package func update(
    _ weights: inout Tensor, moments: inout Tensor, norms: inout Tensor, g: Tensor, x: Tensor,
    precision: ProductPrecision
  ) {
    let (outputs, inputs) = (weights.shape[0], weights.shape[1])
    precondition(
      g.rank == 2 && x.rank == 2 && g.shape[0] == x.shape[0] && g.shape[1] == outputs && x.shape[1] == inputs
        && moments.shape == weights.shape && norms.shape == weights.shape
        && [weights, moments, norms, g, x].allSatisfy { $0.elementType == .float32 },
      "Adamax: g \(g.shape) and x \(x.shape) for weights \(weights.shape)")
    guard outputs > 0, inputs > 0 else { return }
    weights.withMutableBytes { weights in
      moments.withMutableBytes { moments in
        norms.withMutableBytes { norms in
          guard let p = weights.baseAddress, let m = moments.baseAddress, let u = norms.baseAddress else { return }
          if precision.usesTiles, x.shape[0] > 0 {
            updateOnTiles(p, m, u, g, x, precision)
          } else {
            updateByChunks(p, m, u, g, x)
          }
        }
      }
    }
    withExtendedLifetime((g, x)) {}
  }

  private func updateOnTiles(
    _ weights: UnsafeMutableRawPointer, _ moments: UnsafeMutableRawPointer, _ norms: UnsafeMutableRawPointer,
    _ g: Tensor, _ x: Tensor, _ precision: ProductPrecision
  ) {
    var step = ck_tile_adamax(
      outputs: g.shape[1], inputs: x.shape[1], batch: x.shape[0], parts: precision.rawValue,
      g: g.address.assumingMemoryBound(to: Float.self), x: x.address.assumingMemoryBound(to: Float.self),
      parameters: weights.assumingMemoryBound(to: Float.self),
      moments: moments.assumingMemoryBound(to: Float.self), norms: norms.assumingMemoryBound(to: Float.self),
      rate: rate, first_decay: firstDecay, second_decay: secondDecay, epsilon: epsilon)
    let threads = Int32(Compute.threads)
    let workspace = TensorStorage(byteCount: ck_tile_adamax_workspace(&step, threads))
    ck_tile_adamax_step(&step, workspace.pointer, threads)
  }

  private func updateByChunks(
    _ weights: UnsafeMutableRawPointer, _ moments: UnsafeMutableRawPointer, _ norms: UnsafeMutableRawPointer,
    _ g: Tensor, _ x: Tensor
  ) {
    let (batch, inputs, outputs) = (x.shape[0], x.shape[1], g.shape[1])
    let rowsAtOnce = 1024
    let kernels = ElementType.float32.kernels
    nonisolated(unsafe) let (weights, moments, norms) = (weights, moments, norms)
    for first in stride(from: 0, to: outputs, by: rowsAtOnce) {
      let rows = min(rowsAtOnce, outputs - first)
      var gradient = Tensor(uninitialized: [rows, inputs], .float32)
      multiplyMatrices(
        MatrixView(g, offset: first, transposed: true), MatrixView(x), rows: rows, columns: inputs, inner: batch,
        into: &gradient)
      let at = first * inputs * 4
      Compute.parallel(rows * inputs, cost: 8) { begin, end in
        kernels.adamax(
          begin, end, rate, firstDecay, secondDecay, epsilon, gradient.address, weights + at, moments + at,
          norms + at)
      }
    }
  }
}
