import Kernels
import Tensors

// y_s = addend_s + (x_s U_s) V_s + b_s for each sample s, whose weights U_s [in, rank], V_s [rank, out], b_s [out] lie
// in its row of a tensor [n, P].
// Tangent: addend' + (x' U) V: the weights are constants of whatever the tangents are of.
// Pullback: the addend receives g; x receives (g V^T) U^T; U receives x^T (g V^T); V receives (x U)^T g; b receives g.

extension Variable {
  /// (x U) V + b with per-sample weights: x [n, in], weights [n, P] -> [n, out]; plus `addend` [n, out].
  public func lowRank(_ layout: LowRankLayout, weights: Variable, adding addend: Variable? = nil) -> Variable {
    lowRank(layout, weights: weights, adding: addend, tangents: 0)
  }

  func lowRank(
    _ layout: LowRankLayout, weights: Variable, adding addend: Variable?, tangents: Int
  ) -> Variable {
    let n = weights.shape[0]
    precondition(
      weights.shape.count == 2 && value.count == (1 + tangents) * n * layout.inputs
        && weights.shape[1] >= layout.offset + layout.count,
      "low rank: x \(shape) with \(tangents) tangents, weights \(weights.shape), layer \(layout)")
    let (x, w, a) = (value, weights.value, addend?.value)
    let yShape = Array(shape.dropLast()) + [layout.outputs]
    precondition(a == nil || a?.count == yShape.product, "low rank: addend \(a?.shape ?? []) to \(yShape)")
    let own = PreparedLowRank(w, layout)
    let (y, xu) = own.product(x, components: 1 + tangents, adding: a)
    let xShape = shape
    return .record(y.reshaped(yShape), [self, weights, addend ?? self.detached]) { g, inputs in
      let (gx, gv) = own.product(g, components: 1 + tangents, transposed: true)
      inputs.add(gx.reshaped(xShape), to: 0)
      inputs.add(
        deferred: LowRankGradient(
          shape: w.shape, layout: layout, x: x, xu: xu, g: g, gv: gv, tangents: tangents), to: 1)
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
  let tangents: Int
  var scale = 1.0

  var elementType: ElementType { x.elementType }
  var byteCount: Int { (x.count + xu.count + g.count + gv.count) * x.elementType.byteCount }

  static func add(_ terms: [LowRankGradient], to gradient: inout Tensor) {
    add(terms, to: &gradient, isFresh: false)
  }

  static func sum(_ terms: [LowRankGradient]) -> Tensor {
    var gradient = Tensor(uninitialized: terms[0].shape, terms[0].elementType)
    add(terms, to: &gradient, isFresh: true)
    return gradient
  }

  /// Adds terms to a gradient; to zeros, whatever is there, if it is fresh.
  private static func add(_ terms: [LowRankGradient], to gradient: inout Tensor, isFresh: Bool) {
    let sums = Dictionary(grouping: terms, by: \.layout).map { layout, terms in
      LowRankGradientSum(
        layout,
        terms: terms.map {
          LowRankTerm(x: $0.x, xu: $0.xu, g: $0.g, gv: $0.gv, components: 1 + $0.tangents, scale: $0.scale)
        })
    }
    LowRankGradientSum.add(sums, to: &gradient, isFresh: isFresh)
  }
}

extension Dual {
  /// (x U) V + b with per-sample weights: x [n, in], weights [n, P] -> [n, out]; plus `addend` [n, out].
  public func lowRank(_ layout: LowRankLayout, weights: Variable, adding addend: Dual? = nil) -> Dual {
    Dual(
      primalAndTangents: primalAndTangents.lowRank(
        layout, weights: weights, adding: addend?.padded(to: tangentCount).primalAndTangents, tangents: tangentCount))
  }
}
