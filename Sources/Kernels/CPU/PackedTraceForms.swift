import CKernels
import Profiling
import Tensors

// A form takes about as long as C takes to read. In single precision C is kept in 20 bits a number: integers of 20 bits
// times a scale that 64 neighbors share, which is off by at most 2^-20 of the greatest of them. Those errors are as often up
// as down, so that they come to about 2e-6 of the root of the sum of the squares of what a form adds up.

extension CPUArithmetic {
  package func traceForms(_ type: ElementType, count: Int, layers: (_ sample: Int) -> [LayerWeights])
    -> TraceForms.Matrices
  {
    let sizes = layers(0)
    let (first, second) = (sizes[0].outputs, sizes[1].outputs)
    let work = first * second * sizes[0].inputs
    guard type == .float32 else {
      let plain = Tensor(uninitialized: [count, second, first], type)
      Compute.parallel(count, cost: work) { begin, end in
        let factors = TraceFactors(type, sizes)
        for sample in begin..<end {
          factors.form(layers(sample))
          factors.multiply(into: plain.freshAddress + sample * first * second * type.byteCount)
        }
      }
      return .plain(plain)
    }
    let stride = ck_packed_form_size(second, first)
    let packed = TensorStorage(byteCount: count * stride)
    let kernels = ck_single_kernels().pointee
    Compute.parallel(count, cost: work) { begin, end in
      let factors = TraceFactors(type, sizes)
      for sample in begin..<end {
        factors.form(layers(sample))
        kernels.pack_form(
          second, first, factors.product.address.assumingMemoryBound(to: Float.self), first,
          factors.middle.address.assumingMemoryBound(to: Float.self), first, packed.pointer + sample * stride)
      }
    }
    return .packed(packed, stride: stride)
  }

  package func values(of forms: TraceForms, _ y: Tensor, _ x: Tensor) -> Tensor {
    let (count, first, second) = (forms.count, forms.first, forms.second)
    switch forms.matrices {
    case .plain(let plain): return .bilinearForms(y, plain, x)
    case .packed(let packed, let stride):
      let values = Tensor(uninitialized: [count], .float32)
      let kernels = ck_single_kernels().pointee
      Profiler.count(operations: 2 * count * first * second, bytes: count * stride)
      Compute.parallel(count, cost: first * second) { begin, end in
        kernels.packed_form(
          second, first, begin, end, y.address.assumingMemoryBound(to: Float.self), packed.pointer,
          x.address.assumingMemoryBound(to: Float.self), values.freshAddress.assumingMemoryBound(to: Float.self))
      }
      withExtendedLifetime((y, x, packed)) {}
      return values
    }
  }
}

/// The factors of C for one sample after another.
struct TraceFactors {
  private let type: ElementType
  /// M_1^T [first, latent], M_2^T [second, first], M_3^T [latent, second]
  private let (outer, last): (Tensor, Tensor)
  let middle: Tensor
  /// M_3 M_1 [second, first]
  let product: Tensor

  /// - Parameter layers: Three layers of the sizes that follow.
  init(_ type: ElementType, _ layers: [LayerWeights]) {
    let (latent, first, second) = (layers[0].inputs, layers[0].outputs, layers[1].outputs)
    self.type = type
    outer = Tensor(uninitialized: [first, latent], type)
    middle = Tensor(uninitialized: [second, first], type)
    last = Tensor(uninitialized: [latent, second], type)
    product = Tensor(uninitialized: [second, first], type)
  }

  func form(_ layers: [LayerWeights]) {
    for (layer, transposed) in zip(layers, [outer, middle, last]) {
      layer.writeTransposed(type, to: transposed.freshAddress)
    }
    let (second, first) = (product.shape[0], product.shape[1])
    multiplySmallMatrices(
      type, MatrixAddress(last, transposed: true), MatrixAddress(outer, transposed: true), rows: second,
      columns: first, inner: outer.shape[1], into: product.freshAddress, leading: first)
  }

  /// Writes C.
  func multiply(into result: UnsafeMutableRawPointer) {
    type.kernels.product_jet(0, 0, product.count, 0, product.count, product.address, middle.address, result)
  }
}
