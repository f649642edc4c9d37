import CAMX
import Tensors

extension AMXBackend {
  package func apply(
    _ update: ParameterUpdate, g: Tensor, x: Tensor, _ numerics: Numerics, to state: inout ParameterState
  ) {
    guard x.shape[0] > 0 else { return cpu.apply(update, g: g, x: x, numerics, to: &state) }
    let precision = TilePrecision(numerics)
    update.count(g: g, x: x, lowPrecisionProducts: precision.products)
    state.withMemory { weights, firstMoments, secondMoments in
      var step = ck_tile_update(
        outputs: g.shape[1], inputs: x.shape[1], batch: x.shape[0], parts: precision.rawValue,
        g: g.address.assumingMemoryBound(to: Float.self), x: x.address.assumingMemoryBound(to: Float.self),
        parameters: weights.assumingMemoryBound(to: Float.self),
        first_moments: firstMoments.assumingMemoryBound(to: Float.self),
        second_moments: secondMoments.assumingMemoryBound(to: Float.self), update: update.kernelUpdate)
      let threads = Int32(Compute.threads)
      let workspace = TensorStorage(byteCount: ck_tile_update_workspace(&step, threads))
      ck_tile_update_step(&step, workspace.pointer, threads)
    }
    withExtendedLifetime((g, x)) {}
  }
}
