import CKernels

/// Low-rank weights of one layer, each image's own, packed in the order in which products read them: single precision.
///
/// They are kept with the weights until those change. A product with them costs one reading of the weights, forward and transposed alike. Packing costs about two readings,
/// so it pays from the first evaluations of a solve on. Stored as bfloat16, they take half the time and are rounded by at
/// most one part in 256: a slightly different function, but the same one throughout a solve.
package struct PackedLowRank: Sendable {
  /// How the packed numbers are stored; sums are in single precision either way.
  package enum Storage: Sendable, Hashable { case float32, bfloat16 }

  package let inputs: Int
  package let rank: Int
  package let outputs: Int
  /// Images.
  package let count: Int
  private let layer: ck_packed_low_rank
  private let storage: TensorStorage

  /// Packs U [inputs, rank], V [rank, outputs] and the bias [outputs], which follow one another, row-major, from `offset`
  /// on in each row of `weights` [n, P].
  package init(
    _ weights: Tensor, inputs: Int, rank: Int, outputs: Int, offset: Int, storage: Storage = .float32
  ) {
    let layout = Self.layout(weights, inputs, rank, outputs, offset)
    (self.inputs, self.rank, self.outputs, count) = (inputs, rank, outputs, weights.shape[0])
    let layer = ck_packed_low_rank(in: inputs, rank: rank, out: outputs, half: storage == .bfloat16)
    func pack() -> TensorStorage {
      let packed = TensorStorage(byteCount: weights.shape[0] * ck_packed_low_rank_size(layer))
      let kernels = ck_single_kernels().pointee
      Compute.parallel(weights.shape[0], cost: 2 * (inputs + outputs) * rank) { begin, end in
        kernels.pack_low_rank(
          layer, layout, begin, end, weights.address.assumingMemoryBound(to: Float.self), packed.pointer)
      }
      return packed
    }
    let form = PackedForms.Form.lowRank(offset: offset, inputs: inputs, rank: rank, outputs: outputs, storage: storage)
    (self.layer, self.storage) = (layer, weights.packed(form, isEager: true, pack) ?? pack())
    withExtendedLifetime(weights) {}
  }

  /// t = x U, y = addend + t V + bias for x [slots, n, inputs], the bias for the first slot only; or, transposed,
  /// t = x V^T, y = addend + t U^T for x [slots, n, outputs]. Returns y, and t [slots, n, rank].
  package func product(_ x: Tensor, slots: Int, transposed: Bool = false, adding addend: Tensor? = nil) -> (
    y: Tensor, t: Tensor
  ) {
    let (from, to) = transposed ? (outputs, inputs) : (inputs, outputs)
    precondition(
      x.elementType == .float32 && x.count == slots * count * from
        && addend.map { $0.elementType == .float32 && $0.count == slots * count * to } ?? true,
      "packed low rank: x \(x.shape), addend \(addend?.shape ?? []) for \(slots) slots of \(count) images, "
        + "\(from) to \(to)")
    let y = Tensor(uninitialized: [slots, count, to], .float32)
    let t = Tensor(uninitialized: [slots, count, rank], .float32)
    Compute.parallel(count, cost: cost(slots)) { begin, end in
      run(x, slots, transposed, addend?.address, t, y.freshAddress, begin, end)
    }
    withExtendedLifetime((x, addend, storage)) {}
    return (y, t)
  }

  /// The same with x W for the addend, and a shift in the first slot beside the bias; or, transposed, with x W alone: in
  /// one pass over the images.
  package func product(
    _ x: Tensor, slots: Int, transposed: Bool = false, adding matrix: PackedMatrix, shift: Tensor? = nil
  ) -> (y: Tensor, t: Tensor) {
    let (from, to) = transposed ? (outputs, inputs) : (inputs, outputs)
    precondition(
      x.elementType == .float32 && x.count == slots * count * from && matrix.inner == from && matrix.columns == to
        && shift.map { $0.count == to } ?? true,
      "packed low rank: x \(x.shape), matrix [\(matrix.inner), \(matrix.columns)] for \(slots) slots of \(count) images, "
        + "\(from) to \(to)")
    var y = Tensor(uninitialized: [slots, count, to], .float32)
    let t = Tensor(uninitialized: [slots, count, rank], .float32)
    nonisolated(unsafe) let sums = y.freshAddress
    matrix.multiply(x, slots: slots, images: count, bias: shift, into: &y, cost: cost(slots)) { begin, end in
      run(x, slots, transposed, UnsafeRawPointer(sums), t, sums, begin, end)
    }
    withExtendedLifetime((x, storage)) {}
    return (y, t)
  }

  private func cost(_ slots: Int) -> Int { (inputs + outputs) * rank * slots }

  private func run(
    _ x: Tensor, _ slots: Int, _ transposed: Bool, _ addend: UnsafeRawPointer?, _ t: Tensor,
    _ y: UnsafeMutableRawPointer, _ begin: Int, _ end: Int
  ) {
    ck_single_kernels().pointee.packed_low_rank(
      layer, transposed, slots, count, begin, end, x.address.assumingMemoryBound(to: Float.self), storage.pointer,
      addend?.assumingMemoryBound(to: Float.self), t.freshAddress.assumingMemoryBound(to: Float.self),
      y.assumingMemoryBound(to: Float.self))
  }

  /// One product's contribution to the gradient of its weights.
  package struct Term {
    let (x, xu, g, gv): (Tensor, Tensor, Tensor, Tensor)
    let slots: Int
    let scale: Double

    /// - Parameters:
    ///   - x: What the product took, [slots, n, inputs].
    ///   - xu: Its t, [slots, n, rank].
    ///   - g: The cotangent of its y, [slots, n, outputs].
    ///   - gv: The t of the transposed product with g, [slots, n, rank].
    package init(x: Tensor, xu: Tensor, g: Tensor, gv: Tensor, slots: Int, scale: Double = 1) {
      (self.x, self.xu, self.g, self.gv, self.slots, self.scale) = (x, xu, g, gv, slots, scale)
    }
  }

  /// What the gradient of one layer's weights is the sum of, and where the weights lie.
  package struct LayerGradient {
    let inputs, rank, outputs, offset: Int
    let terms: [Term]

    package init(inputs: Int, rank: Int, outputs: Int, offset: Int, terms: [Term]) {
      (self.inputs, self.rank, self.outputs, self.offset, self.terms) = (inputs, rank, outputs, offset, terms)
    }

    /// The terms as the kernels take them, for a gradient laid out like the weights; whoever uses them keeps the tensors.
    fileprivate func kernelTerms(_ gradient: Tensor) -> (layout: ck_low_rank, terms: [ck_low_rank_term]) {
      let layout = PackedLowRank.layout(gradient, inputs, rank, outputs, offset)
      let n = gradient.shape[0]
      for term in terms {
        let rows = term.slots * n
        precondition(
          term.x.count == rows * inputs && term.g.count == rows * outputs && term.xu.count == rows * rank
            && term.gv.count == rows * rank
            && [term.x, term.xu, term.g, term.gv].allSatisfy { $0.elementType == .float32 },
          "low-rank gradient: x \(term.x.shape), g \(term.g.shape) for \(term.slots) slots of \(n) images")
      }
      return (
        layout,
        terms.map {
          ck_low_rank_term(
            x: $0.x.address, xu: $0.xu.address, g: $0.g.address, gv: $0.gv.address, slots: $0.slots, scale: $0.scale)
        }
      )
    }
  }

  /// gradient += the sum of scale * (x^T gv, xu^T g, and the first slot of g) over each layer's terms, image after image;
  /// if it is fresh, to zeros, whatever is there.
  package static func form(_ layers: [LayerGradient], in gradient: inout Tensor, isFresh: Bool) {
    let (n, width) = (gradient.shape[0], gradient.shape[1])
    let all = layers.map { $0.kernelTerms(gradient) }
    let cost = layers.reduce(0) { $0 + ($1.inputs + $1.outputs) * $1.rank * $1.terms.count }
    let kernels = ck_single_kernels().pointee
    gradient.withMutableBytes { bytes in
      guard let base = bytes.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
      nonisolated(unsafe) let target = base
      Compute.parallel(n, cost: cost) { begin, end in
        for image in begin..<end {
          if isFresh { (target + image * width).update(repeating: 0, count: width) }
          for (layout, terms) in all {
            kernels.deferred_low_rank(layout, n, image, image + 1, terms.count, terms, target)
          }
        }
      }
    }
    withExtendedLifetime(layers) {}
  }

  private static func layout(_ weights: Tensor, _ inputs: Int, _ rank: Int, _ outputs: Int, _ offset: Int)
    -> ck_low_rank
  {
    precondition(
      weights.elementType == .float32 && weights.rank == 2
        && weights.shape[1] >= offset + (inputs + outputs) * rank + outputs
        && (1...Int(CK_MAX_PACKED_RANK)).contains(rank),
      "packed low rank: weights \(weights.shape) of \(weights.elementType) from \(offset) on for rank \(rank), "
        + "\(inputs) to \(outputs)")
    return ck_low_rank(
      in: inputs, rank: rank, out: outputs, stride: weights.shape[1], u: offset, v: offset + inputs * rank,
      bias: offset + (inputs + outputs) * rank)
  }
}
