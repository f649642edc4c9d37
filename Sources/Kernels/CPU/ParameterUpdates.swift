import CKernels
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
    update.count(g: g, x: x)
    let (batch, inputs, outputs) = (x.shape[0], x.shape[1], g.shape[1])
    let rowsAtOnce = 1024
    let (kernels, update) = (ElementType.float32.kernels, update.kernelUpdate)
    state.withMemory { weights, firstMoments, secondMoments in
      for first in stride(from: 0, to: outputs, by: rowsAtOnce) {
        let rows = min(rowsAtOnce, outputs - first)
        var gradient = Tensor(uninitialized: [rows, inputs], .float32)
        multiply(
          MatrixView(g, offset: first, transposed: true), MatrixView(x),
          MatrixProduct(rows: rows, columns: inputs, inner: batch), into: &gradient)
        let at = first * inputs * 4
        Compute.parallel(rows * inputs, cost: 8) { begin, end in
          withUnsafePointer(to: update) {
            kernels.update($0, begin, end, gradient.address, weights + at, firstMoments + at, secondMoments + at)
          }
        }
        withExtendedLifetime(gradient) {}
      }
    }
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
