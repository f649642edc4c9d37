import CKernels

/// One update of an optimizer, as it is applied to each tensor of parameters with the tensor's first and second moments.
package struct ParameterUpdate: Sendable {
  private var update: ck_update

  /// - Parameters:
  ///   - rate: The learning rate, divided by the bias correction of the first moment.
  ///   - rootCorrection: Adam's: one over the root of the bias correction of the second moment.
  ///   - gradientScale: What the gradient is multiplied by first.
  ///   - weightDecay: What the parameter is multiplied by before it is added to the gradient.
  package init(
    rule: ck_update_rule, rate: Double, firstDecay: Double, secondDecay: Double, epsilon: Double,
    rootCorrection: Double = 1, gradientScale: Double = 1, weightDecay: Double = 0
  ) {
    update = ck_update(
      rule: rule, rate: rate, first_decay: firstDecay, second_decay: secondDecay, epsilon: epsilon,
      root_correction: rootCorrection, gradient_scale: gradientScale, weight_decay: weightDecay)
  }

  /// Moves parameters against a gradient; all of one shape and element type.
  package func apply(
    to parameters: inout Tensor, firstMoments: inout Tensor, secondMoments: inout Tensor, gradient g: Tensor
  ) {
    let type = parameters.elementType
    precondition(
      [g, firstMoments, secondMoments].allSatisfy { $0.elementType == type && $0.shape == parameters.shape },
      "update: a gradient \(g.shape) of \(g.elementType) for a parameter \(parameters.shape) of \(type)")
    Profiler.count(operations: 10 * g.count, bytes: 7 * g.count * type.byteCount)
    withMemory(of: &parameters, &firstMoments, &secondMoments) { p, m, v in
      Compute.parallel(g.count, cost: 8) { begin, end in
        withUnsafePointer(to: update) { type.kernels.update($0, begin, end, g.address, p, m, v) }
      }
    }
    withExtendedLifetime(g) {}
  }

  /// Moves weights `[outputs, inputs]` of a linear layer against the gradient g^T x, for g `[batch, outputs]` and x
  /// `[batch, inputs]`; single precision. The gradient is formed some rows at a time, in the given arithmetic, and is never
  /// in memory as a whole.
  package func apply(
    to weights: inout Tensor, firstMoments: inout Tensor, secondMoments: inout Tensor, g: Tensor, x: Tensor,
    precision: ProductPrecision
  ) {
    let (outputs, inputs) = (weights.shape[0], weights.shape[1])
    precondition(
      g.rank == 2 && x.rank == 2 && g.shape[0] == x.shape[0] && g.shape[1] == outputs && x.shape[1] == inputs
        && firstMoments.shape == weights.shape && secondMoments.shape == weights.shape
        && [weights, firstMoments, secondMoments, g, x].allSatisfy { $0.elementType == .float32 },
      "update: g \(g.shape) and x \(x.shape) for weights \(weights.shape)")
    guard outputs > 0, inputs > 0 else { return }
    Profiler.count(
      operations: (2 * x.shape[0] + 10) * weights.count, bytes: 6 * 4 * weights.count, in: precision)
    withMemory(of: &weights, &firstMoments, &secondMoments) { p, m, v in
      if precision.usesTiles, x.shape[0] > 0 {
        applyOnTiles(p, m, v, g, x, precision)
      } else {
        applyByChunks(p, m, v, g, x)
      }
    }
    withExtendedLifetime((g, x)) {}
  }

  private func withMemory(
    of parameters: inout Tensor, _ firstMoments: inout Tensor, _ secondMoments: inout Tensor,
    _ body: (UnsafeMutableRawPointer, UnsafeMutableRawPointer, UnsafeMutableRawPointer) -> Void
  ) {
    parameters.withMutableBytes { p in
      firstMoments.withMutableBytes { m in
        secondMoments.withMutableBytes { v in
          guard let p = p.baseAddress, let m = m.baseAddress, let v = v.baseAddress else { return }
          body(p, m, v)
        }
      }
    }
  }

  private func applyOnTiles(
    _ weights: UnsafeMutableRawPointer, _ firstMoments: UnsafeMutableRawPointer,
    _ secondMoments: UnsafeMutableRawPointer, _ g: Tensor, _ x: Tensor, _ precision: ProductPrecision
  ) {
    var step = ck_tile_update(
      outputs: g.shape[1], inputs: x.shape[1], batch: x.shape[0], parts: precision.rawValue,
      g: g.address.assumingMemoryBound(to: Float.self), x: x.address.assumingMemoryBound(to: Float.self),
      parameters: weights.assumingMemoryBound(to: Float.self),
      first_moments: firstMoments.assumingMemoryBound(to: Float.self),
      second_moments: secondMoments.assumingMemoryBound(to: Float.self), update: update)
    let threads = Int32(Compute.threads)
    let workspace = TensorStorage(byteCount: ck_tile_update_workspace(&step, threads))
    ck_tile_update_step(&step, workspace.pointer, threads)
  }

  private func applyByChunks(
    _ weights: UnsafeMutableRawPointer, _ firstMoments: UnsafeMutableRawPointer,
    _ secondMoments: UnsafeMutableRawPointer, _ g: Tensor, _ x: Tensor
  ) {
    let (batch, inputs, outputs) = (x.shape[0], x.shape[1], g.shape[1])
    let rowsAtOnce = 1024
    let kernels = ElementType.float32.kernels
    for first in stride(from: 0, to: outputs, by: rowsAtOnce) {
      let rows = min(rowsAtOnce, outputs - first)
      var gradient = Tensor(uninitialized: [rows, inputs], .float32)
      multiplyMatrices(
        MatrixView(g, offset: first, transposed: true), MatrixView(x), rows: rows, columns: inputs, inner: batch,
        into: &gradient)
      let at = first * inputs * 4
      Compute.parallel(rows * inputs, cost: 8) { begin, end in
        withUnsafePointer(to: update) {
          kernels.update(
            $0, begin, end, gradient.address, weights + at, firstMoments + at, secondMoments + at)
        }
      }
    }
  }
}

extension Tensor {
  /// Moves the tensor, a running average, towards another: average += weight (p - average).
  package mutating func moveAverage(towards p: Tensor, weight: Double) {
    precondition(
      p.shape == shape && p.elementType == elementType, "average \(shape) of numbers \(p.shape)")
    let type = elementType
    Profiler.count(operations: 3 * p.count, bytes: 3 * p.count * type.byteCount)
    withMutableBytes { bytes in
      guard let average = bytes.baseAddress else { return }
      Compute.parallel(p.count, cost: 4) { begin, end in
        type.kernels.move_average(begin, end, weight, p.address, average)
      }
    }
    withExtendedLifetime(p) {}
  }
}
