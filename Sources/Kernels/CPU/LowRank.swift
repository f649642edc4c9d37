import CKernels
import Tensors

// Single-precision weights are packed in the order in which the products read them, and kept with the weights until those
// change. A product with them costs one reading of the weights, forward and transposed alike. Packing costs about two
// readings, so it pays from the first evaluations of a solve on. Stored as bfloat16, they take half the time and are
// rounded by at most one part in 256: a slightly different function, but the same one throughout a solve.

extension CPUArithmetic {
  package func roundsLowRank(_ numerics: Numerics) -> Bool { false }

  package func pack(_ weights: Tensor, _ layout: LowRankLayout) -> TensorStorage? {
    guard weights.elementType == .float32 else { return nil }
    let isHalf = roundsLowRank(layout.numerics)
    let form = PackedForm(
      "low rank",
      sizes: [layout.offset, layout.inputs, layout.rank, layout.outputs, weights.shape[1], isHalf ? 1 : 0])
    return weights.packed(form, isEager: true) {
      let (layer, count) = (layout.packed(isHalf: isHalf), weights.shape[0])
      let packed = TensorStorage(byteCount: count * ck_packed_low_rank_size(layer))
      let kernels = ck_single_kernels().pointee
      let plain = layout.kernelLayout(stride: weights.shape[1])
      Compute.parallel(count, cost: 2 * layout.count) { begin, end in
        kernels.pack_low_rank(
          layer, plain, begin, end, weights.address.assumingMemoryBound(to: Float.self), packed.pointer)
      }
      withExtendedLifetime(weights) {}
      return packed
    }
  }

  package func multiply(_ x: Tensor, _ weights: PreparedLowRank, _ product: LowRankProduct, adding addend: Tensor?)
    -> (y: Tensor, t: Tensor)
  {
    let y = Tensor(uninitialized: [product.components, weights.count, product.to], x.elementType)
    let t = Tensor(uninitialized: [product.components, weights.count, weights.layout.rank], x.elementType)
    Compute.parallel(weights.count, cost: weights.layout.count * product.components) { begin, end in
      run(x, weights, product, addend?.address, t, y.freshAddress, begin, end)
    }
    withExtendedLifetime((x, addend, weights)) {}
    return (y, t)
  }

  package func multiply(
    _ x: Tensor, _ weights: PreparedLowRank, _ product: LowRankProduct, adding matrix: PreparedMatrix, shift: Tensor?
  ) -> (y: Tensor, t: Tensor) {
    var y = Tensor(uninitialized: [product.components, weights.count, product.to], x.elementType)
    var shared = MatrixProduct(rows: product.components * weights.count, columns: product.to, inner: product.from)
    (shared.bias, shared.biasedRows) = (shift, shift == nil ? 0 : weights.count)
    multiply(MatrixView(x, leadingDimension: product.from), matrix, shared, into: &y)
    let t = Tensor(uninitialized: [product.components, weights.count, weights.layout.rank], x.elementType)
    nonisolated(unsafe) let sums = y.freshAddress
    Compute.parallel(weights.count, cost: weights.layout.count * product.components) { begin, end in
      run(x, weights, product, UnsafeRawPointer(sums), t, sums, begin, end)
    }
    withExtendedLifetime((x, weights)) {}
    return (y, t)
  }

  /// The products of samples begin..<end; the addend may be y.
  func run(
    _ x: Tensor, _ weights: PreparedLowRank, _ product: LowRankProduct, _ addend: UnsafeRawPointer?, _ t: Tensor,
    _ y: UnsafeMutableRawPointer, _ begin: Int, _ end: Int
  ) {
    let (layout, components, n) = (weights.layout, product.components, weights.count)
    if let packed = weights.packed {
      ck_single_kernels().pointee.packed_low_rank(
        layout.packed(isHalf: roundsLowRank(layout.numerics)), product.transposed, components, n, begin, end,
        x.address.assumingMemoryBound(to: Float.self), packed.pointer,
        addend?.assumingMemoryBound(to: Float.self), t.freshAddress.assumingMemoryBound(to: Float.self),
        y.assumingMemoryBound(to: Float.self))
      return
    }
    let (kernels, layer) = (x.elementType.kernels, layout.kernelLayout(stride: weights.weights.shape[1]))
    guard product.transposed else {
      kernels.low_rank(layer, components, n, begin, end, x.address, weights.weights.address, addend, t.freshAddress, y)
      return
    }
    guard let addend else {
      kernels.low_rank_pullback(layer, components, n, begin, end, x.address, weights.weights.address, t.freshAddress, y)
      return
    }
    // The kernel writes where it has no addend.
    let part = Tensor(uninitialized: [components, n, product.to], x.elementType)
    kernels.low_rank_pullback(
      layer, components, n, begin, end, x.address, weights.weights.address, t.freshAddress, part.freshAddress)
    for component in 0..<components {
      let (first, last) = ((component * n + begin) * product.to, (component * n + end) * product.to)
      withUnsafeTemporaryAllocation(of: UnsafeRawPointer.self, capacity: 2) { terms in
        terms.initializeElement(at: 0, to: addend)
        terms.initializeElement(at: 1, to: part.address)
        guard let list = terms.baseAddress else { return }
        kernels.linear_combination(2, [1, 1], list, first, last, y)
      }
    }
  }

  package func add(_ layers: [LowRankGradientSum], to gradient: inout Tensor, isFresh: Bool) {
    let (n, width, type) = (gradient.shape[0], gradient.shape[1], gradient.elementType)
    let all = layers.map { ($0.layout.kernelLayout(stride: width), $0.kernelTerms) }
    let cost = layers.reduce(0) { $0 + $1.layout.count * $1.terms.count }
    let (kernels, single) = (type.kernels, ck_single_kernels().pointee)
    gradient.withMutableBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      nonisolated(unsafe) let target = base
      Compute.parallel(n, cost: cost) { begin, end in
        for sample in begin..<end {
          if isFresh {
            (target + sample * width * type.byteCount).initializeMemory(
              as: UInt8.self, repeating: 0, count: width * type.byteCount)
          }
          for (layout, terms) in all {
            switch type {
            case .float32:
              single.deferred_low_rank(
                layout, n, sample, sample + 1, terms.count, terms, target.assumingMemoryBound(to: Float.self))
            case .float64: kernels.low_rank_gradient(layout, n, sample, sample + 1, terms.count, terms, target)
            }
          }
        }
      }
    }
    withExtendedLifetime(layers) {}
  }
}

extension LowRankLayout {
  func kernelLayout(stride: Int) -> ck_low_rank {
    ck_low_rank(in: inputs, rank: rank, out: outputs, stride: stride, u: uOffset, v: vOffset, bias: biasOffset)
  }

  func packed(isHalf: Bool) -> ck_packed_low_rank {
    ck_packed_low_rank(in: inputs, rank: rank, out: outputs, half: isHalf)
  }
}

extension LowRankGradientSum {
  /// The terms as the kernels take them; whoever uses them keeps the tensors.
  fileprivate var kernelTerms: [ck_low_rank_term] {
    terms.map {
      ck_low_rank_term(
        x: $0.x.address, xu: $0.xu.address, g: $0.g.address, gv: $0.gv.address, components: $0.components,
        scale: $0.scale)
    }
  }
}
