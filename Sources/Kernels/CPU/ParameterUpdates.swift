import CKernels
import Profiling
import Tensors

extension CPUArithmetic {
  package func apply(_ update: ParameterUpdate, gradient g: Tensor, to state: inout ParameterState) {
    let (kernels, update) = (g.elementType.kernels, update.kernelUpdate)
    state.withMemory { p, m, v in
      Compute.parallel(g.count, cost: 8) { begin, end in
        withUnsafePointer(to: update) { kernels.update($0, begin, end, g.address, p, m, v) }
      }
    }
    withExtendedLifetime(g) {}
  }

  package func apply(
    _ update: ParameterUpdate, g: Tensor, x: Tensor, _ numerics: Numerics, to state: inout ParameterState
  ) {
    let factors = factors(numerics)
    if let kernels = factors.kernels, x.shape[0] > 0 {
      update.count(g: g, x: x, lowPrecisionProducts: factors.lowPrecisionProducts)
      return apply(update, g: g, x: x, by: kernels, to: &state)
    }
    let (batch, inputs, outputs) = (x.shape[0], x.shape[1], g.shape[1])
    let rowsAtOnce = 1024
    let (kernels, step) = (ElementType.float32.kernels, update.kernelUpdate)
    // The products count themselves.
    Profiler.count(operations: 10 * inputs * outputs, bytes: 6 * 4 * inputs * outputs)
    state.withMemory { weights, firstMoments, secondMoments in
      for first in stride(from: 0, to: outputs, by: rowsAtOnce) {
        let rows = min(rowsAtOnce, outputs - first)
        var gradient = Tensor(uninitialized: [rows, inputs], .float32)
        multiply(
          MatrixView(g, offset: first, transposed: true), MatrixView(x),
          MatrixProduct(rows: rows, columns: inputs, inner: batch), into: &gradient)
        let at = first * inputs * 4
        Compute.parallel(rows * inputs, cost: 8) { begin, end in
          withUnsafePointer(to: step) {
            kernels.update($0, begin, end, gradient.address, weights + at, firstMoments + at, secondMoments + at)
          }
        }
        withExtendedLifetime(gradient) {}
      }
    }
  }

  /// The same in one pass: the gradient of some rows is used while it is in the cache.
  private func apply(
    _ update: ParameterUpdate, g: Tensor, x: Tensor, by kernels: ck_product_table, to state: inout ParameterState
  ) {
    let floats = { (pointer: UnsafeMutableRawPointer) in pointer.assumingMemoryBound(to: Float.self) }
    let rows = Int(CK_UPDATE_ROWS)
    state.withMemory { weights, firstMoments, secondMoments in
      var step = ck_product_update(
        outputs: g.shape[1], inputs: x.shape[1], batch: x.shape[0], g: g.address.assumingMemoryBound(to: Float.self),
        x: x.address.assumingMemoryBound(to: Float.self), parameters: floats(weights),
        first_moments: floats(firstMoments), second_moments: floats(secondMoments), update: update.kernelUpdate)
      let packed = TensorStorage(byteCount: kernels.packed_inputs(&step))
      kernels.pack_inputs(&step, packed.pointer)
      withUnsafePointer(to: step) { step in
        nonisolated(unsafe) let step = step
        Compute.parallel((g.shape[1] + rows - 1) / rows, cost: rows * x.shape[1] * (x.shape[0] + 8)) { begin, end in
          let workspace = TensorStorage(byteCount: kernels.update_workspace(step))
          kernels.update(step, packed.pointer, begin, end, workspace.pointer)
          withExtendedLifetime(workspace) {}
        }
      }
      withExtendedLifetime(packed) {}
    }
    withExtendedLifetime((g, x)) {}
  }
}

extension ParameterUpdate {
  /// The update as the kernels take it.
  var kernelUpdate: ck_update {
    ck_update(
      rule: rule == .adamax ? CK_ADAMAX : CK_ADAM, rate: rate, first_decay: firstDecay, second_decay: secondDecay,
      epsilon: epsilon, root_correction: rootCorrection, gradient_scale: gradientScale, weight_decay: weightDecay)
  }
}
