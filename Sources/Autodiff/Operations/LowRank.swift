import CKernels
import Tensors

// y_s = addend_s + (x_s U_s) V_s + b_s for each image s, whose weights U_s [in, rank], V_s [rank, out], b_s [out] lie
// in its row of a packed tensor [n, P].
// Tangent: addend' + (x' U) V: the weights are constants of whatever the tangents are of.
// Pullback: the addend receives g; x receives (g V^T) U^T; U receives x^T (g V^T); V receives (x U)^T g; b receives g.

/// Where one layer's low-rank weights lie in an image's row of flow weights: U [in, rank], V [rank, out], bias [out],
/// one after another, row-major.
public struct LowRankLayout: Hashable, Sendable {
  public let inputs: Int
  public let rank: Int
  public let outputs: Int
  /// The first number of U within the row.
  public let offset: Int
  /// Whether single-precision U and V are rounded to bfloat16 where there are matrix tiles, as factors of rounded products
  /// are: products with them take half the time.
  public var isRounded = false

  /// The greatest rank that the kernels take.
  public static let maximumRank = 256

  public init(inputs: Int, rank: Int, outputs: Int, offset: Int) {
    precondition((1...Self.maximumRank).contains(rank), "low rank: \(rank) is not in 1...\(Self.maximumRank)")
    self.inputs = inputs
    self.rank = rank
    self.outputs = outputs
    self.offset = offset
  }

  /// How many numbers the layer takes of the row.
  public var count: Int { (inputs + outputs) * rank + outputs }

  /// Both products with U and V for each slot, which read the image's weights once and rows of the slots.
  func countWork(images: Int, slots: Int, _ type: ElementType) {
    Profiler.count(
      operations: images * slots * 2 * (inputs + outputs) * rank,
      bytes: images * (count + slots * (inputs + outputs)) * type.byteCount)
  }

  /// Single-precision weights in the order in which the products read them; in double precision, none.
  func packed(_ weights: Tensor) -> PackedLowRank? {
    guard weights.elementType == .float32 else { return nil }
    return PackedLowRank(
      weights, inputs: inputs, rank: rank, outputs: outputs, offset: offset,
      storage: isRounded && ProductPrecision.bfloat16.usesTiles ? .bfloat16 : .float32)
  }

  fileprivate func kernelLayout(stride: Int) -> ck_low_rank {
    ck_low_rank(
      in: inputs, rank: rank, out: outputs, stride: stride, u: offset, v: offset + inputs * rank,
      bias: offset + (inputs + outputs) * rank)
  }
}

extension Variable {
  /// (x U) V + b with each image's own weights: x [n, in], weights [n, P] -> [n, out]; plus `addend` [n, out].
  public func lowRank(_ layout: LowRankLayout, weights: Variable, adding addend: Variable? = nil) -> Variable {
    lowRank(layout, weights: weights, adding: addend, slots: 1)
  }

  func lowRank(
    _ layout: LowRankLayout, weights: Variable, adding addend: Variable?, slots: Int
  ) -> Variable {
    let n = weights.shape[0]
    precondition(
      weights.shape.count == 2 && value.count == slots * n * layout.inputs
        && weights.shape[1] >= layout.offset + layout.count,
      "low rank: x \(shape) of \(slots) slots, weights \(weights.shape), layer \(layout)")
    let (x, w, a) = (value, weights.value, addend?.value)
    let type = x.elementType
    let kernels = type.kernels
    let layer = layout.kernelLayout(stride: w.shape[1])
    let yShape = Array(shape.dropLast()) + [layout.outputs]
    precondition(a == nil || a?.count == yShape.product, "low rank: addend \(a?.shape ?? []) to \(yShape)")
    let packed = layout.packed(w)
    let (y, xu): (Tensor, Tensor)
    layout.countWork(images: n, slots: slots, type)
    if let packed {
      (y, xu) = packed.product(x, slots: slots, adding: a)
    } else {
      (y, xu) = (Tensor(uninitialized: yShape, type), Tensor(uninitialized: [slots, n, layout.rank], type))
      Compute.parallel(n, cost: layout.count * slots) { [y, xu] begin, end in
        kernels.low_rank(
          layer, slots, n, begin, end, x.address, w.address, a?.address, xu.freshAddress, y.freshAddress)
      }
    }
    let xShape = shape
    return .record(y.reshaped(yShape), [self, weights, addend ?? self.detached]) { g, inputs in
      let (gx, gv): (Tensor, Tensor)
      layout.countWork(images: n, slots: slots, type)
      if let packed {
        (gx, gv) = packed.product(g, slots: slots, transposed: true)
      } else {
        (gx, gv) = (Tensor(uninitialized: xShape, type), Tensor(uninitialized: [slots, n, layout.rank], type))
        Compute.parallel(n, cost: layout.count * slots) { [gx, gv] begin, end in
          kernels.low_rank_pullback(
            layer, slots, n, begin, end, g.address, w.address, gv.freshAddress, gx.freshAddress)
        }
      }
      inputs.add(gx.reshaped(xShape), to: 0)
      inputs.add(
        deferred: LowRankGradient(
          shape: w.shape, layout: layout, x: x, xu: xu, g: g, gv: gv, slots: slots), to: 1)
      inputs.add(g, to: 2)
    }
  }
}

/// The contributions of one product to the gradients of U, V and bias.
struct LowRankGradient: DeferredGradient {
  let shape: [Int]
  let layout: LowRankLayout
  let x: Tensor
  let xu: Tensor
  let g: Tensor
  let gv: Tensor
  let slots: Int
  var scale = 1.0

  var elementType: ElementType { x.elementType }
  var byteCount: Int { (x.count + xu.count + g.count + gv.count) * x.elementType.byteCount }

  static func add(_ terms: [LowRankGradient], to gradient: inout Tensor) {
    form(terms, in: &gradient, isFresh: false)
  }

  static func formed(_ terms: [LowRankGradient]) -> Tensor {
    var gradient = Tensor(uninitialized: terms[0].shape, terms[0].elementType)
    form(terms, in: &gradient, isFresh: true)
    return gradient
  }

  /// Adds terms to a gradient; to zeros, whatever is there, if it is fresh.
  private static func form(_ terms: [LowRankGradient], in gradient: inout Tensor, isFresh: Bool) {
    let n = gradient.shape[0]
    let layers = Dictionary(grouping: terms, by: \.layout)
    for (layout, terms) in layers {
      layout.countWork(images: n, slots: terms.reduce(0) { $0 + $1.slots }, gradient.elementType)
    }
    guard gradient.elementType != .float32 else {
      PackedLowRank.form(
        layers.map { layout, terms in
          PackedLowRank.LayerGradient(
            inputs: layout.inputs, rank: layout.rank, outputs: layout.outputs, offset: layout.offset,
            terms: terms.map { .init(x: $0.x, xu: $0.xu, g: $0.g, gv: $0.gv, slots: $0.slots, scale: $0.scale) })
        }, in: &gradient, isFresh: isFresh)
      return
    }
    if isFresh { gradient = Tensor(zeros: gradient.shape, gradient.elementType) }
    let kernels = gradient.elementType.kernels
    for (layout, terms) in layers {
      let layer = layout.kernelLayout(stride: gradient.shape[1])
      let factors = terms.map { term in
        ck_low_rank_term(
          x: term.x.address, xu: term.xu.address, g: term.g.address, gv: term.gv.address, slots: term.slots,
          scale: term.scale)
      }
      gradient.withMutableBytes { bytes in
        guard let base = bytes.baseAddress else { return }
        Compute.parallel(n, cost: layout.count * factors.count) { begin, end in
          kernels.low_rank_gradient(layer, n, begin, end, factors.count, factors, base)
        }
      }
      withExtendedLifetime(terms) {}
    }
  }
}

extension Dual {
  /// (x U) V + b with each image's own weights: x [n, in], weights [n, P] -> [n, out]; plus `addend` [n, out].
  public func lowRank(_ layout: LowRankLayout, weights: Variable, adding addend: Dual? = nil) -> Dual {
    Dual(
      stacked: stacked.lowRank(
        layout, weights: weights, adding: addend?.padded(to: tangentCount).stacked, slots: 1 + tangentCount))
  }
}
