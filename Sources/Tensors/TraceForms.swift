import CKernels

/// For each image, the matrix C = M_2^T o (M_3 M_1) of three layers' weights M_1 [latent, first], M_2 [first, second] and
/// M_3 [second, latent], for bilinear forms y^T C x, many with the same C: what the trace of a product of layers with
/// derivatives x and y between them is.
///
/// A form takes about as long as C takes to read. In single precision C is kept in 20 bits a number: integers of 20 bits
/// times a scale that 64 neighbors share, which is off by at most 2^-20 of the greatest of them. Those errors are as often up
/// as down, so that they come to about 2e-6 of the root of the sum of the squares of what a form adds up. Where there are
/// matrix tiles, C is formed on them, as ``ProductPrecision/splitBfloat16`` has it, block by block, and only written packed.
package struct TraceForms: Sendable {
  /// Images.
  package let count: Int
  private let (first, second): (Int, Int)
  private enum Matrices: Sendable {
    case packed(TensorStorage, stride: Int)
    case plain(Tensor)
  }
  private let matrices: Matrices

  /// - Parameter layers: The three layers of an image; their sizes are the same for all.
  package init(_ type: ElementType, count: Int, layers: (_ image: Int) -> [LayerWeights]) {
    let sizes = layers(0)
    let (latent, first, second) = (sizes[0].inputs, sizes[0].outputs, sizes[1].outputs)
    precondition(
      sizes.count == 3 && sizes[1].inputs == first && sizes[2].inputs == second && sizes[2].outputs == latent,
      "trace forms: layers \(sizes.map { [$0.inputs, $0.outputs] })")
    (self.count, self.first, self.second) = (count, first, second)
    let work = first * second * latent
    Profiler.count(
      operations: count * 2 * work, bytes: count * (2 * latent * (first + second) + first * second) * type.byteCount)
    guard type == .float32 else {
      let plain = Tensor(uninitialized: [count, second, first], type)
      Compute.parallel(count, cost: work) { begin, end in
        let factors = Factors(type, latent: latent, first: first, second: second)
        for image in begin..<end {
          factors.form(layers(image))
          factors.multiply(into: plain.freshAddress + image * first * second * type.byteCount)
        }
      }
      matrices = .plain(plain)
      return
    }
    let stride = ck_packed_form_size(second, first)
    let packed = TensorStorage(byteCount: count * stride)
    let kernels = ck_single_kernels().pointee
    Compute.parallel(count, cost: work) { begin, end in
      guard ck_has_tiles() else {
        let factors = Factors(type, latent: latent, first: first, second: second)
        for image in begin..<end {
          factors.form(layers(image))
          kernels.pack_form(
            second, first, factors.product.address.assumingMemoryBound(to: Float.self), first,
            factors.middle.address.assumingMemoryBound(to: Float.self), first, packed.pointer + image * stride)
        }
        return
      }
      let scratches = sizes.map { Tensor(uninitialized: [$0.outputs, $0.inputs], type) }
      var workspace: TensorStorage?
      for image in begin..<end {
        let layers = zip(layers(image), scratches).map { $0.onTiles(scratch: $1) }
        var form = ck_tile_form(layers: (layers[0], layers[1], layers[2]))
        let place = workspace ?? TensorStorage(byteCount: ck_tile_form_workspace(&form))
        workspace = place
        ck_tile_pack_form(&form, place.pointer, packed.pointer + image * stride)
      }
    }
    matrices = .packed(packed, stride: stride)
  }

  /// C itself, [second, first], of three layers that all images share.
  package static func matrix(_ type: ElementType, _ layers: [LayerWeights]) -> Tensor {
    let factors = Factors(type, latent: layers[0].inputs, first: layers[0].outputs, second: layers[1].outputs)
    let result = Tensor(uninitialized: [layers[1].outputs, layers[0].outputs], type)
    factors.form(layers)
    factors.multiply(into: result.freshAddress)
    return result
  }

  /// y^T C x for each image: y [n, second], x [n, first] -> [n]
  package func values(_ y: Tensor, _ x: Tensor) -> Tensor {
    switch matrices {
    case .plain(let plain): return .bilinearForms(y, plain, x)
    case .packed(let packed, let stride):
      precondition(
        y.shape == [count, second] && x.shape == [count, first] && y.elementType == .float32
          && x.elementType == .float32,
        "trace forms: \(y.shape), \(count) matrices [\(second), \(first)], \(x.shape)")
      let forms = Tensor(uninitialized: [count], .float32)
      let kernels = ck_single_kernels().pointee
      Profiler.count(operations: 2 * count * first * second, bytes: count * stride)
      Compute.parallel(count, cost: first * second) { begin, end in
        kernels.packed_form(
          second, first, begin, end, y.address.assumingMemoryBound(to: Float.self), packed.pointer,
          x.address.assumingMemoryBound(to: Float.self), forms.freshAddress.assumingMemoryBound(to: Float.self))
      }
      withExtendedLifetime((y, x, packed)) {}
      return forms
    }
  }

  /// The factors of C for one image after another.
  private struct Factors {
    let type: ElementType
    /// M_1^T [first, latent], M_2^T [second, first], M_3^T [latent, second]
    let (outer, middle, last): (Tensor, Tensor, Tensor)
    /// M_3 M_1 [second, first]
    let product: Tensor

    init(_ type: ElementType, latent: Int, first: Int, second: Int) {
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
}
