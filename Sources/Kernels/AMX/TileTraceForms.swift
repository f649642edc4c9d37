import CAMX
import CKernels
import Tensors

extension AMXBackend {
  /// C is formed block by block at full numerics, and only written packed.
  package func traceForms(_ type: ElementType, count: Int, layers: (_ sample: Int) -> [LayerWeights])
    -> TraceForms.Matrices
  {
    guard type == .float32 else { return cpu.traceForms(type, count: count, layers: layers) }
    let sizes = layers(0)
    let (first, second) = (sizes[0].outputs, sizes[1].outputs)
    let stride = ck_packed_form_size(second, first)
    let packed = TensorStorage(byteCount: count * stride)
    Compute.parallel(count, cost: first * second * sizes[0].inputs) { begin, end in
      let scratches = sizes.map { Tensor(uninitialized: [$0.outputs, $0.inputs], type) }
      var workspace: TensorStorage?
      for sample in begin..<end {
        let weights = layers(sample)
        let tiles = zip(weights, scratches).map { $0.onTiles(scratch: $1) }
        var form = ck_tile_form(layers: (tiles[0], tiles[1], tiles[2]))
        let place = workspace ?? TensorStorage(byteCount: ck_tile_form_workspace(&form))
        workspace = place
        ck_tile_pack_form(&form, place.pointer, packed.pointer + sample * stride)
        withExtendedLifetime(weights) {}
      }
      withExtendedLifetime(scratches) {}
    }
    return .packed(packed, stride: stride)
  }
}

extension LayerWeights {
  /// The layer as the kernels take it, by W^T: written to `scratch` [outputs, inputs] where it lies otherwise.
  fileprivate func onTiles(scratch: Tensor) -> ck_tile_layer {
    let floats = { (pointer: UnsafeRawPointer) in pointer.assumingMemoryBound(to: Float.self) }
    if !matrix.transposed { writeTransposed(.float32, to: scratch.freshAddress) }
    return ck_tile_layer(
      inputs: inputs, outputs: outputs, rank: matrix.transposed ? lowRank?.rank ?? 0 : 0,
      weight: floats(matrix.transposed ? matrix.address : scratch.address),
      leading: matrix.transposed ? matrix.leadingDimension : inputs, u: lowRank.map { floats($0.u.address) },
      v: lowRank.map { floats($0.v.address) })
  }
}
